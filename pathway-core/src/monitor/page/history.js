// What the last five minutes were like. The server counts; rates are differences between its answers.

const SAMPLES = 300;
/** How far back a rate or a percentile looks, in seconds. */
const RATE_WINDOW = 3;
const LATENCY_WINDOW = 10;

/** One answer, reduced to numbers that grow, by node. */
function sample(answer) {
  const nodes = new Map();
  for (const source of answer.stats.sources) {
    nodes.set(source.name, { rows: source.rows, busy: source.busy_seconds, lost: source.rejected + source.dropped });
  }
  for (const operator of answer.stats.operators) {
    nodes.set(operator.name, { rows: operator.rows, busy: operator.busy_seconds, lost: operator.errors, late: operator.late });
  }
  for (const sink of answer.stats.sinks) {
    nodes.set(sink.name, { rows: sink.published, busy: sink.busy_seconds, lost: sink.rejected });
  }
  const sum = (list, field) => list.reduce((total, item) => total + item[field], 0);
  const { stats } = answer;
  return {
    time: answer.time / 1000,
    nodes,
    input: sum(stats.sources, "rows") + sum(stats.sources, "rejected"),
    output: sum(stats.sinks, "published"),
    commits: stats.commits,
    commitRows: stats.commit_rows.sum,
    late: sum(stats.operators, "late"),
    lost: sum(stats.sources, "rejected") + sum(stats.sources, "dropped") + sum(stats.sinks, "rejected") + sum(stats.operators, "errors"),
    latency: stats.latency,
  };
}

class History {
  constructor() {
    this.samples = [];
    this.curves = new Map();
  }

  add(answer) {
    const last = this.last();
    const next = sample(answer);
    if (last && next.time <= last.time) return;
    // Seconds without an answer are gaps.
    const missed = last ? Math.min(Math.round(next.time - last.time) - 1, SAMPLES) : 0;
    for (let gap = 0; gap < missed; gap += 1) this.curves.forEach((curve) => push(curve, null));
    push(this.samples, next);
  }

  last() {
    return this.samples[this.samples.length - 1];
  }

  /** The newest sample that is at least this old, or the oldest. */
  before(seconds) {
    const now = this.last().time;
    let found = this.samples[0];
    for (const candidate of this.samples) {
      if (candidate.time > now - seconds + 0.5) break;
      found = candidate;
    }
    return found;
  }

  /** How much a number has grown in the last seconds. */
  growth(read, seconds) {
    return Math.max(read(this.last()) - read(this.before(seconds)), 0);
  }

  /** How fast a number grows, for each second; `null` if it is not known yet. */
  rate(read, seconds = RATE_WINDOW) {
    const before = this.before(seconds);
    const elapsed = this.last().time - before.time;
    return elapsed > 0 ? Math.max(read(this.last()) - read(before), 0) / elapsed : null;
  }

  nodeRate(name, field) {
    return this.rate((at) => at.nodes.get(name)?.[field] ?? 0);
  }

  nodeGrowth(name, field, seconds) {
    return this.growth((at) => at.nodes.get(name)?.[field] ?? 0, seconds);
  }

  /** The part of the commits of the last seconds that took at most so long: from the buckets of two answers. */
  quantile(stage, part, seconds = LATENCY_WINDOW) {
    const now = this.last().latency[stage];
    const then = this.before(seconds).latency[stage];
    // The first answer has all commits since the start.
    const first = this.samples.length === 1;
    const since = (bucket, index) => bucket.count - (first ? 0 : then.buckets[index].count);
    const total = now.count - (first ? 0 : then.count);
    if (total === 0) return null;
    const wanted = part * total;
    let [bound, reached] = [0, 0];
    for (const [index, bucket] of now.buckets.entries()) {
      const upTo = since(bucket, index);
      if (upTo >= wanted && upTo > reached) return bound + ((bucket.le - bound) * (wanted - reached)) / (upTo - reached);
      [bound, reached] = [bucket.le, upTo];
    }
    return bound;
  }

  /** Adds a value to a curve, once for each sample, and returns the curve. */
  curve(name, value) {
    const curve = this.curves.get(name) ?? [];
    this.curves.set(name, curve);
    push(curve, value);
    return curve;
  }
}

function push(list, value) {
  list.push(value);
  if (list.length > SAMPLES) list.shift();
}
