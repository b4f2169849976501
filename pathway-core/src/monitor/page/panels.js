// What stands around the picture: problems, tiles, details, errors, latencies and the table.

const STAGES = [
  ["wait", "arrival to sealing"],
  ["operators", "sealing to computed"],
  ["log", "writing the log"],
  ["publish", "handed over to confirmed"],
  ["total", "arrival to confirmed"],
];

/** How many nodes a problem names. */
const MOST_NAMES = 8;

function showProblems(section, problems, open) {
  section.hidden = problems.length === 0;
  const focused = section.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  section.replaceChildren(
    ...problems.map(({ level, word, text, names }) => {
      const button = (name) => h("button", { type: "button", "data-key": `${word} ${name}`, onclick: () => open(name) }, name);
      const said = h("span", { class: "text" }, text, names.length > MOST_NAMES ? ` (${names.length} in all)` : "");
      return h("div", { class: "problem", "data-level": level }, h("b", {}, word), h("span", { class: "names" }, ...names.slice(0, MOST_NAMES).map(button)), said);
    }),
  );
  if (focused) [...section.querySelectorAll("button")].find((button) => button.dataset.key === focused)?.focus();
}

function tile(title, [value, unit], note, values, label, { tone = "operator", level = "good" } = {}) {
  return h(
    "div",
    { class: `tile tone-${tone}`, "data-level": level === "good" ? null : level },
    h("h2", {}, title),
    h("p", { class: "value" }, value, h("span", { class: "unit" }, unit)),
    h("p", { class: "note", title: note }, note),
    values ? sparkline(values, `${label}, the last five minutes`) : null,
  );
}

/** The number and the unit of a text. */
const parts = (text) => {
  const at = text.lastIndexOf(" ");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
};

function showTiles(section, answer, history) {
  const { stats } = answer;
  const sum = (list, read) => list.reduce((total, item) => total + (read(item) ?? 0), 0);
  const most = (list, read) => Math.max(...list.map((item) => read(item) ?? 0), 0);
  const [input, output] = [history.rate((at) => at.input), history.rate((at) => at.output)];
  const commits = history.rate((at) => at.commits);
  const perCommit = history.growth((at) => at.commitRows, LATENCY_WINDOW) / history.growth((at) => at.commits, LATENCY_WINDOW);
  const [p50, p99] = [0.5, 0.99].map((part) => history.quantile("total", part));
  const waiting = sum(stats.sources, (it) => it.backlog + (it.lag_messages ?? 0));
  const lag = most(stats.sources, (it) => it.lag_seconds);
  const eventLags = stats.operators.map((it) => it.event_time_lag_seconds).filter((it) => it !== null);
  const eventLag = eventLags.length ? Math.max(...eventLags) : null;
  const keys = sum([...stats.operators, ...stats.sources], (it) => it.state_keys);
  const memory = sum([...stats.operators, ...stats.sources], (it) => it.state_bytes);
  const unconfirmed = sum(stats.sinks, (it) => it.unconfirmed);
  const [rejected, dropped] = [sum([...stats.sources, ...stats.sinks], (it) => it.rejected), sum(stats.sources, (it) => it.dropped)];
  const [late, errors] = [sum(stats.operators, (it) => it.late), sum(stats.operators, (it) => it.errors)];
  const lost = rejected + dropped + late + errors;
  const recent = history.growth((at) => at.lost + at.late, RECENT);
  const behind = stats.sources.some(isBehind);
  const cut = stats.sources.some((source) => answer.ends.get(source.name)?.state === "disconnected");
  const tiles = [
    tile("Rows in", [rate(input), "/s"], `${count(sum(stats.sources, (it) => it.rows))} in all`, history.curve("in", input), "Rows in", { tone: "source" }),
    tile("Messages out", [rate(output), "/s"], unconfirmed ? `${count(unconfirmed)} not confirmed` : `${count(sum(stats.sinks, (it) => it.published))} in all`, history.curve("out", output), "Messages out", { tone: "sink" }),
    tile("Latency, p50", parts(duration(p50)), p50 === null ? `no commit for ${LATENCY_WINDOW} s` : `p99 ${duration(p99)}`, history.curve("p99", history.samples.length > 1 ? p99 : null), "Latency of 99 % of commits"),
    tile("Lag", waiting ? parts(count(waiting).includes(" ") ? count(waiting) : `${count(waiting)} msgs`) : ["0", "msgs"], cut ? "not connected" : lag ? `${duration(lag)} behind` : waiting ? "waiting" : "caught up", history.curve("lag", waiting), "Messages that wait", { tone: "source", level: cut ? "bad" : behind ? "warn" : "good" }),
    ...(eventLag === null ? [] : [tile("Event time", parts(duration(eventLag)), eventLag < 0 ? "ahead of the clock" : "behind the clock", history.curve("event", Math.max(eventLag, 0)), "Lag of event time")]),
    tile("Commits", [rate(commits), "/s"], Number.isFinite(perCommit) ? `${count(Math.round(perCommit * 10) / 10)} rows each` : `${count(stats.commits)} in all`, history.curve("commits", commits), "Commits"),
    tile("State", parts(keys ? `${count(keys)} keys`.replace(/ (\w) keys$/, "$1 keys") : "0 keys"), bytes(memory), history.curve("keys", keys), "Keys of the state"),
    tile("Lost or late", [count(lost), ""], lossNote({ rejected, dropped, late, errors }), history.curve("lost", history.rate((at) => at.lost + at.late)), "Rows that were lost or late", { tone: "sink", level: recent > 0 ? "bad" : "good" }),
  ];
  const kept = stats.persistence;
  if (kept) {
    const level = kept.checkpoint_failures > 0 ? "warn" : "good";
    const size = kept.checkpoint_bytes === null ? "" : `${bytes(kept.checkpoint_bytes)} · `;
    const failures = kept.checkpoint_failures ? ` · ${kept.checkpoint_failures} failed` : "";
    tiles.push(tile("Checkpoint", parts(`${duration(Math.round(kept.checkpoint_age_seconds))}`), `ago · ${size}log ${bytes(kept.log_bytes)}${failures}`, history.curve("log", kept.log_bytes), "Bytes of the log", { level }));
  }
  section.replaceChildren(...tiles);
}

/** What was lost, without what was not. */
function lossNote(losses) {
  const known = Object.entries(losses).filter(([, number]) => number > 0);
  return known.length ? known.map(([word, number]) => `${count(number)} ${word}`).join(" · ") : "nothing";
}

function showEvents(holder, events, now) {
  if (events.length === 0) return holder.replaceChildren(h("p", { class: "empty" }, "None since the program started."));
  holder.replaceChildren(
    ...events.map((event) =>
      h(
        "div",
        { class: "event" },
        h("b", { "data-level": event.level === "error" ? "bad" : "warn" }, event.level === "error" ? "error" : "warning"),
        h("p", { class: "what" }, h("span", { class: "where" }, `${event.component} `), event.message),
        h("p", { class: "when", title: `first ${clock(event.first)}, last ${clock(event.last)}` }, `${count(event.count)}× · ${duration(Math.max(Math.round((now - event.last) / 1000), 0))} ago`),
      ),
    ),
  );
}

function showStages(holder, history) {
  const row = ([stage, what]) => {
    const numbers = [0.5, 0.99].map((part) => h("td", { class: "number" }, duration(history.quantile(stage, part))));
    return h("tr", {}, h("th", { scope: "row" }, stage), h("td", { class: "soft" }, what), ...numbers);
  };
  const known = STAGES.filter(([stage]) => history.last().latency[stage].count > 0);
  if (known.length === 0) return holder.replaceChildren(h("p", { class: "empty" }, "No commit yet."));
  const head = ["stage", "from and to"].map((title) => h("th", { scope: "col" }, title));
  const parts = ["50 %", "99 %"].map((title) => h("th", { scope: "col", class: "number" }, title));
  holder.replaceChildren(h("table", {}, h("thead", {}, h("tr", {}, ...head, ...parts)), h("tbody", {}, ...known.map(row))));
}

/** The columns of the table: a title, what it sorts by, how it is shown. */
const COLUMNS = [
  ["kind", (row) => ["source", "operator", "sink"].indexOf(row.node.role), (row) => describe(row.node)],
  ["status", (row) => ({ bad: 2, warn: 1 })[row.flag?.level] ?? 0, (row) => row.flag?.word ?? "ok"],
  ["per second", (row) => row.rate ?? 0, (row) => rate(row.rate), true],
  ["in all", (row) => row.total, (row) => count(row.total), true],
  ["lost", (row) => row.lost, (row) => count(row.lost), true],
  ["late", (row) => row.late, (row) => count(row.late), true],
  ["waiting", (row) => row.waiting, (row) => count(row.waiting), true],
  ["lag", (row) => row.lag ?? -Infinity, (row) => duration(row.lag), true],
  ["keys", (row) => row.keys, (row) => count(row.keys), true],
  ["bytes", (row) => row.bytes, (row) => (row.bytes ? bytes(row.bytes) : "0"), true],
  ["busy", (row) => row.busy ?? 0, (row) => percent(row.busy ?? 0), true],
];

/** What is known of a node, in the words of the table. */
function rowOf(node, answer, flags, history) {
  const common = { node, flag: flags.get(node.name)?.[0], rate: history.nodeRate(node.name, "rows"), busy: history.nodeRate(node.name, "busy") };
  const none = { total: 0, lost: 0, late: 0, waiting: 0, lag: null, keys: 0, bytes: 0 };
  const source = answer.sources.get(node.name);
  if (source) {
    const { rows, rejected, dropped, backlog, lag_messages: behind, lag_seconds: lag, state_keys: keys, state_bytes: size } = source;
    return { ...common, ...none, total: rows, lost: rejected + dropped, waiting: backlog + (behind ?? 0), lag, keys, bytes: size };
  }
  const operator = answer.operators.get(node.name);
  if (operator) {
    const { rows, errors, late, event_time_lag_seconds: lag, state_keys: keys, state_bytes: size } = operator;
    return { ...common, ...none, total: rows, lost: errors, late, lag, keys, bytes: size };
  }
  const sink = answer.sinks.get(node.name);
  if (sink) return { ...common, ...none, total: sink.published, lost: sink.rejected, waiting: sink.unconfirmed };
  return { ...common, ...none, rate: null };
}

class NodeTable {
  constructor(holder, open) {
    this.holder = holder;
    this.open = open;
    this.sorted = { column: null, down: true };
  }

  show(rows) {
    this.rows = rows;
    const focused = this.holder.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const { column, down } = this.sorted;
    const value = column === null ? null : column === -1 ? (row) => row.node.name : COLUMNS[column][1];
    const sign = down ? -1 : 1;
    const shown = value === null ? rows : [...rows].sort((a, b) => (value(a) < value(b) ? -sign : value(a) > value(b) ? sign : 0));
    const head = ["name", ...COLUMNS.map(([title]) => title)].map((title, index) => this.header(title, index - 1));
    this.holder.replaceChildren(h("table", {}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...shown.map((row) => this.row(row)))));
    if (focused) [...this.holder.querySelectorAll("button")].find((button) => button.dataset.key === focused)?.focus();
  }

  header(title, column) {
    const order = this.sorted.column !== column ? "none" : this.sorted.down ? "descending" : "ascending";
    const sort = () => {
      this.sorted = { column, down: this.sorted.column === column ? !this.sorted.down : column > 0 };
      this.show(this.rows);
    };
    const isNumber = column >= 0 && COLUMNS[column][3];
    const button = h("button", { type: "button", "data-key": `head ${column}`, onclick: sort }, title);
    return h("th", { scope: "col", "aria-sort": order, class: isNumber ? "number" : null }, button);
  }

  row(row) {
    const { name, role } = row.node;
    const cells = COLUMNS.map(([title, , show, isNumber]) => {
      const text = show(row);
      const classes = [isNumber ? "number" : "", isNumber && ["0", "–", "0 %"].includes(text) ? "zero" : ""].join(" ").trim();
      const level = title === "status" ? row.flag?.level ?? "good" : null;
      return h("td", { class: title === "kind" ? "soft" : classes || null, "data-level": level }, text);
    });
    const button = h("button", { type: "button", "data-key": `row ${name}`, onclick: () => this.open(name), title: name }, name);
    return h("tr", {}, h("th", { scope: "row" }, h("span", { class: `swatch tone-${role}` }), button), ...cells);
  }
}

/** Everything about one node. */
function showDetails(panel, row, answer, graph, flags, history, { open, close }) {
  const { node } = row;
  const list = [];
  const add = (title, text) => list.push(h("dt", {}, title), h("dd", {}, text));
  const known = answer.sources.get(node.name) ?? answer.operators.get(node.name) ?? answer.sinks.get(node.name);
  if (row.rate !== null) add(node.role === "sink" ? "messages per second" : "rows per second", rate(row.rate));
  const hidden = new Set(["name", "workers", "is_full", "is_behind", "busy_seconds"]);
  // Nobody looks for a zero here.
  const rare = new Set(["markers", "removed_keys", "dead_letters", "reconnects", "republished", "ahead", "state_keys", "state_bytes", "full_seconds"]);
  for (const [field, value] of Object.entries(known ?? {})) {
    if (hidden.has(field) || value === null || (value === 0 && rare.has(field))) continue;
    const title = field.replace(/_seconds$/, "").replaceAll("_", " ");
    if (field.endsWith("_seconds")) add(title, duration(value));
    else if (field.includes("bytes")) add(title, bytes(value));
    else add(title, typeof value === "number" ? value.toLocaleString("en") : String(value));
  }
  if (known) add("busy", percent(row.busy ?? 0));
  const number = graph.nodes.indexOf(node);
  const links = (title, ends) => {
    if (ends.length === 0) return [];
    const button = (end) => h("button", { type: "button", "data-key": `${title} ${end}`, onclick: () => open(graph.nodes[end].name) }, graph.nodes[end].name);
    return [h("h4", {}, title), h("p", { class: "links" }, ...ends.map(button))];
  };
  const workers = answer.operators.get(node.name)?.workers ?? [];
  const focused = panel.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  panel.replaceChildren(
    h("div", { class: "head" }, h("h3", {}, node.name), h("button", { type: "button", "data-key": "close", "aria-label": "Close details", onclick: close }, "✕")),
    h("p", { class: "soft" }, h("span", { class: `swatch tone-${node.role}` }), `${node.role} · ${describe(node)}`),
    ...(flags.get(node.name) ?? []).map((flag) => h("p", { class: "reason", "data-level": flag.level }, h("strong", {}, flag.word), `: ${flag.text}`)),
    h("div", { class: `tone-${node.role}` }, sparkline(history.curves.get(`node ${node.name}`) ?? [], `Rate of ${node.name}, the last five minutes`)),
    h("dl", {}, ...list),
    ...links("reads", graph.edges.filter((edge) => edge.to === number).map((edge) => edge.from)),
    ...links("read by", graph.edges.filter((edge) => edge.from === number).map((edge) => edge.to)),
    ...(workers.length > 1 ? [h("h4", {}, "rows by worker"), h("p", {}, workers.map((worker) => count(worker.rows)).join(" · "))] : []),
    ...(node.columns.length ? [h("h4", {}, `columns of ${node.row}`), ...node.columns.map((column) => h("p", {}, column.name, h("span", { class: "soft" }, ` ${column.type_name}${column.primary_key ? " · primary key" : ""}`)))] : []),
  );
  if (focused) [...panel.querySelectorAll("button")].find((button) => button.dataset.key === focused)?.focus();
}
