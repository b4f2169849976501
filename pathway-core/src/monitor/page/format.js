// Numbers, sizes, durations and times as people read them.

const digits = (value) => (value >= 100 || Number.isInteger(value) ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));

/** `[text, unit]` of a number in steps of a thousand. */
function scaled(value, units, step) {
  let unit = 0;
  let rest = Math.abs(value);
  while (unit < units.length - 1 && Math.round(rest * 100) / 100 >= step) {
    rest /= step;
    unit += 1;
  }
  return [(value < 0 ? "−" : "") + digits(rest), units[unit]];
}

function count(value) {
  if (value === null || value === undefined) return "–";
  const [text, unit] = scaled(value, ["", "k", "M", "G", "T"], 1000);
  return unit ? `${text} ${unit}` : text;
}

function bytes(value) {
  const [text, unit] = scaled(value, ["B", "KiB", "MiB", "GiB", "TiB"], 1024);
  return `${text} ${unit}`;
}

/** A number for each second: slow flows keep their digits. */
function rate(value) {
  if (value === null || value === undefined) return "–";
  if (value > 0 && value < 0.005) return "<0.01";
  return count(value < 10 ? Math.round(value * 100) / 100 : value);
}

/** A duration in seconds. */
function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const size = Math.abs(seconds);
  const sign = seconds < 0 ? "−" : "";
  if (size === 0) return "0 s";
  if (size < 1e-3) return `${sign}${digits(Math.round(size * 1e6))} µs`;
  if (size < 1) return `${sign}${digits(Math.round(size * 1e5) / 100)} ms`;
  if (size < 120) return `${sign}${digits(Math.round(size * 10) / 10)} s`;
  if (size < 7200) return `${sign}${Math.round(size / 60)} min`;
  if (size < 172800) return `${sign}${digits(Math.round(size / 360) / 10)} h`;
  return `${sign}${Math.round(size / 86400)} d`;
}

const clock = (milliseconds) => new Date(milliseconds).toLocaleTimeString([], { hour12: false });
const percent = (part) => (part > 0 && part < 0.01 ? "<1 %" : `${Math.round(part * 100)} %`);
