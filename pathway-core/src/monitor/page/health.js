// What stands out: a level and a word for each node, and sentences for the whole.

/** How long a loss stands out, in seconds. */
const RECENT = 60;
/** A lag that is more than a hiccup, in seconds. */
const BEHIND = 5;

const isBehind = ({ is_behind: behind, lag_seconds: lag, backlog, lag_messages: waiting }) =>
  (lag ?? 0) > BEHIND || (behind && backlog + (waiting ?? 0) > 0);

/** `{ level, word, text }` for each thing that is wrong with a node, the worst first. */
function flagsOf(node, answer, history) {
  const flags = [];
  const add = (level, word, text) => flags.push({ level, word, text });
  const end = answer.ends.get(node.name);
  if (end?.state === "disconnected") {
    const since = Math.max((answer.time - end.since) / 1000, 0);
    add("bad", "disconnected", `for ${duration(Math.round(since))}: ${end.reason}`);
  }
  if (end?.state === "starting" && answer.stats.state === "starting") add("warn", "connecting", "has not connected yet");
  const source = answer.sources.get(node.name);
  if (source) {
    const lost = history.nodeGrowth(node.name, "lost", RECENT);
    if (lost > 0) add("bad", "rejecting", `${count(lost)} messages rejected or dropped in the last minute`);
    const waiting = source.backlog + (source.lag_messages ?? 0);
    if (isBehind(source) && end?.state !== "disconnected") {
      const age = source.lag_seconds === null ? "" : `, ${duration(source.lag_seconds)} behind`;
      add("warn", "behind", `${count(waiting)} messages wait${age}`);
    }
  }
  const operator = answer.operators.get(node.name);
  if (operator) {
    const errors = history.nodeGrowth(node.name, "lost", RECENT);
    const late = history.nodeGrowth(node.name, "late", RECENT);
    if (errors > 0) add("bad", "failing", `${count(errors)} rows could not be computed in the last minute`);
    if (late > 0) add("warn", "late rows", `${count(late)} rows were too late in the last minute`);
    const busy = history.nodeRate(node.name, "busy") ?? 0;
    if (busy > 0.9 * operator.workers.length) add("warn", "busy", `works ${percent(busy / operator.workers.length)} of the time`);
  }
  const sink = answer.sinks.get(node.name);
  if (sink) {
    const rejected = history.nodeGrowth(node.name, "lost", RECENT);
    if (rejected > 0) add("bad", "rejecting", `${count(rejected)} messages rejected in the last minute`);
    if (sink.is_full) add("warn", "full", `${count(sink.unconfirmed)} messages are not confirmed: the pipeline reads nothing new`);
  }
  return flags.sort((a, b) => (a.level === "bad" ? 0 : 1) - (b.level === "bad" ? 0 : 1));
}

/** The state of the pipeline: a level and a few words. */
function stateOf(answer, flags) {
  const { state } = answer.stats;
  const words = state.replaceAll("_", " ");
  if (answer.stuck) return ["bad", "stuck"];
  const all = problemsOf(flags);
  const bad = all.filter((problem) => problem.level === "bad").length;
  if (bad > 0) return ["bad", `${words}, ${bad === 1 ? "1 problem" : `${bad} problems`}`];
  if (state !== "running" || all.length > 0) return ["warn", words];
  return ["good", words];
}

/** What is wrong, the worst first, each with the names of all that it is wrong with. */
function problemsOf(flags) {
  const problems = new Map();
  for (const [name, found] of flags) {
    for (const flag of found) {
      const problem = problems.get(flag.word) ?? { ...flag, names: [] };
      problem.names.push(name);
      problems.set(flag.word, problem);
    }
  }
  return [...problems.values()].sort((a, b) => (a.level === "bad" ? 0 : 1) - (b.level === "bad" ? 0 : 1));
}
