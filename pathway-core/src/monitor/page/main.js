// Asks once a second, and shows the answers.

const EVERY = 1000;
/** An answer takes milliseconds. */
const PATIENCE = 1500;

let graph = null;
let history = new History();
let answer = null;
let started = null;
let chosen = null;
let lastAnswer = null;
let announced = "";
const picture = new Picture(byId("picture"), choose);
const table = new NodeTable(byId("table"), choose);

async function ask(path) {
  const response = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

async function poll() {
  const begin = performance.now();
  try {
    const next = await ask("/stats.json");
    if (next.started !== started) {
      graph = await ask("/graph.json");
      [history, chosen, started] = [new History(), null, next.started];
      picture.draw(graph);
      showChoice();
    }
    answer = prepare(next);
    lastAnswer = Date.now();
    history.add(answer);
    show();
  } catch (error) {
    showGone();
  }
  setTimeout(poll, Math.max(EVERY - (performance.now() - begin), 100));
}

/** Adds maps by name. */
function prepare(next) {
  const byName = (list) => new Map(list.map((item) => [item.name, item]));
  const { sources, operators, sinks } = next.stats;
  const ends = byName([...next.sources, ...next.sinks]);
  return { ...next, ends, sources: byName(sources), operators: byName(operators), sinks: byName(sinks) };
}

function show() {
  const flags = new Map(graph.nodes.map((node) => [node.name, flagsOf(node, answer, history)]));
  const rows = graph.nodes.map((node) => rowOf(node, answer, flags, history));
  rows.forEach((row) => history.curve(`node ${row.node.name}`, row.rate));
  document.body.classList.remove("gone");
  showHead(flags);
  showProblems(byId("problems"), [...wholeProblems(), ...problemsOf(flags)], choose);
  showTiles(byId("tiles"), answer, history);
  picture.update(flags, new Map(rows.map((row) => [row.node.name, row.rate])));
  table.show(rows);
  showStages(byId("stages"), history);
  setText(byId("stages-window"), `the last ${LATENCY_WINDOW} s`);
  showEvents(byId("events"), answer.events, answer.time);
  const number = answer.events.length;
  setText(byId("events-count"), number ? `${number} ${number === 1 ? "kind" : "kinds"}, the newest first` : "");
  const roles = ["source", "operator", "sink"].map((role) => [role, graph.nodes.filter((node) => node.role === role).length]);
  setText(byId("table-count"), roles.map(([role, many]) => `${many} ${role}${many === 1 ? "" : "s"}`).join(", "));
  const row = rows.find((row) => row.node.name === chosen);
  if (row) showDetails(byId("details"), row, answer, graph, flags, history, { open: choose, close });
}

/** What is wrong with the pipeline as a whole. */
function wholeProblems() {
  if (answer.stuck) return [{ level: "bad", word: "stuck", text: answer.stuck, names: [] }];
  if (answer.stats.state !== "starting") return [];
  return [{ level: "warn", word: "starting", text: answer.missing.join("; ") || "it begins", names: [] }];
}

function showHead(flags) {
  const [level, words] = stateOf(answer, flags);
  setText(byId("name"), answer.pipeline);
  showState(level, words);
  const up = duration(Math.round((answer.time - answer.started) / 1000));
  setText(byId("facts"), `up ${up} · ${count(answer.stats.commits)} commits · pathway ${answer.version}`);
}

/** The state in the head, the title, the icon, and for screen readers. */
function showState(level, words) {
  setText(byId("state"), words);
  setLevel(byId("state"), level);
  const name = answer?.pipeline ?? "pathway";
  const title = `${name} · ${words}`;
  if (document.title !== title) document.title = title;
  if (announced !== words) setText(byId("announcer"), `${name}: ${words}`);
  announced = words;
}

function showGone() {
  const since = lastAnswer === null ? "" : ` since ${clock(lastAnswer)}`;
  showState("bad", `no answer${since}`);
  document.body.classList.add("gone");
}

function choose(name) {
  if (chosen === name) return close();
  chosen = name;
  showChoice();
  if (answer) show();
  byId("details").focus({ preventScroll: true });
}

function close() {
  const before = chosen;
  chosen = null;
  showChoice();
  if (before) picture.focus(before);
}

function showChoice() {
  byId("details").hidden = chosen === null;
  byId("stage").classList.toggle("open", chosen !== null);
  picture.mark(chosen);
  picture.zoom(picture.scale);
}

/** The system's theme, or the one that was chosen before. */
const THEMES = ["auto", "light", "dark"];
function setTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  setText(byId("theme"), `Theme: ${theme}`);
  try {
    localStorage.setItem("pathway-theme", theme);
  } catch {
    // A browser without storage forgets it.
  }
}

function savedTheme() {
  try {
    return localStorage.getItem("pathway-theme");
  } catch {
    return null;
  }
}

const currentTheme = () => document.documentElement.dataset.theme ?? "auto";
setTheme(THEMES.includes(savedTheme()) ? savedTheme() : "auto");
byId("theme").addEventListener("click", () => setTheme(THEMES[(THEMES.indexOf(currentTheme()) + 1) % THEMES.length]));
byId("zoom-in").addEventListener("click", () => picture.zoomBy(1.2));
byId("zoom-out").addEventListener("click", () => picture.zoomBy(1 / 1.2));
byId("zoom-fit").addEventListener("click", () => picture.zoom(null));
byId("legend").append(
  ...["source", "operator", "sink"].map((role) => h("span", {}, h("span", { class: `swatch tone-${role}` }), `${role}s`)),
);
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && chosen !== null) close();
});
addEventListener("resize", () => {
  if (graph) picture.zoom(picture.scale);
});
poll();
