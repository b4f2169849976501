// Elements without HTML in texts: what a pipeline says is never parsed.

const SVG = "http://www.w3.org/2000/svg";
const byId = (id) => document.getElementById(id);

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

/** Sets a text only if it changes, so that selections and screen readers are left alone. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function setLevel(element, level) {
  if (element.dataset.level !== level) element.dataset.level = level;
}

/** A curve of the last five minutes. `values` end now; `null` is a gap. */
function sparkline(values, label) {
  const most = Math.max(...values.filter((value) => value !== null), 0) || 1;
  const x = (index) => 300 - (values.length - 1 - index);
  const y = (value) => 27 - (24 * value) / most;
  let line = "";
  let area = "";
  let begin = null;
  const close = (end) => {
    if (begin !== null) area += `L${x(end)} 28L${x(begin)} 28Z`;
    begin = null;
  };
  values.forEach((value, index) => {
    if (value === null) return close(index - 1);
    const point = `${x(index)} ${y(value).toFixed(1)}`;
    line += `${begin === null ? "M" : "L"}${point}`;
    area += `${begin === null ? "M" : "L"}${point}`;
    if (begin === null) begin = index;
  });
  close(values.length - 1);
  return s(
    "svg",
    { class: "spark", viewBox: "0 0 300 28", preserveAspectRatio: "none", role: "img", "aria-label": label },
    s("line", { x1: 0, x2: 300, y1: 27.5, y2: 27.5 }),
    s("path", { class: "area", d: area }),
    s("path", { d: line }),
  );
}
