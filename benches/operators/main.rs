//! Operators beside differential-dataflow's: `cargo bench --bench operators`.
//!
//! One worker each, in turns, in one process; figures are changes per second, the best of three rounds. Rows are a key and
//! a number. Each operator runs with few and many keys, in small and large commits; those of event time also with rows that
//! only arrive.

mod differential;
mod messages;
mod ours;
mod ranges;

use std::time::Duration;

/// A row: its key, and a number.
type Row = (i64, i64);

/// The commits that a contestant plays.
type Commits = Vec<Vec<(Row, i64)>>;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Operator {
    /// Count by key.
    Reduce,
    /// Rows that are there at all.
    Distinct,
    /// The greatest number by key.
    Max,
    /// Rows of even numbers with rows of odd ones, by key.
    Join,
    /// The same, and rows of even numbers alone.
    Left,
    /// Rows of even numbers whose key has an odd one.
    Semi,
    /// The join of numbers that are at most five apart.
    Within,
    /// Rows of even numbers with the greatest odd one below.
    Asof,
    /// Count by key and windows of five numbers.
    Window,
    /// Count by key and sessions of numbers.
    Session,
    /// The row of each key that came last.
    Deduplicate,
    /// Rows of even numbers, replaced by the row of an odd number that has the same key.
    Update,
}

impl Operator {
    const ALL: [Operator; 12] = [
        Operator::Reduce,
        Operator::Max,
        Operator::Distinct,
        Operator::Join,
        Operator::Left,
        Operator::Semi,
        Operator::Within,
        Operator::Asof,
        Operator::Window,
        Operator::Session,
        Operator::Deduplicate,
        Operator::Update,
    ];

    /// Those that decide by event time, and forget rows with it if their rows only arrive.
    const BY_EVENT_TIME: [Operator; 4] = [Operator::Window, Operator::Session, Operator::Within, Operator::Asof];

    fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    /// Whether differential-dataflow has such an operator, or one that does the same.
    fn has_counterpart(self) -> bool {
        use Operator::*;
        matches!(self, Reduce | Max | Distinct | Join | Semi | Window)
    }

    /// Whether pairs of rows with one key are made. Of one key alone they are as many as rows squared, whoever makes them.
    fn makes_pairs(self) -> bool {
        matches!(self, Operator::Join | Operator::Left | Operator::Within)
    }
}

/// Which changes the commits have.
#[derive(Clone, Copy, Debug, PartialEq)]
enum History {
    /// Rows come and go: one change in four removes a row.
    Changes,
    /// Rows only arrive. Their numbers are times that advance by one in a hundred rows, and windows are emitted on close.
    Arrivals,
}

fn main() {
    // `cargo test --benches` and `cargo bench` pass flags; a word chooses an operator.
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let is_wanted = |name: &str| wanted.as_ref().is_none_or(|wanted| name.contains(wanted.as_str()));
    let changes = Operator::ALL.map(|operator| (operator, History::Changes));
    let arrivals = Operator::BY_EVENT_TIME.map(|operator| (operator, History::Arrivals));
    for (operator, history) in changes.into_iter().chain(arrivals) {
        let name = match history {
            History::Changes => operator.name(),
            History::Arrivals => format!("arrivals-{}", operator.name()),
        };
        if !is_wanted(&name) {
            continue;
        }
        println!(
            "\n{name:>16} {:>10} {:>10} {:>14} {:>14} {:>7}",
            "keys", "commit", "ours/s", "differential/s", "ratio"
        );
        for keys in [1, 1_000, 1_000_000] {
            if operator.makes_pairs() && keys == 1 {
                continue;
            }
            for size in [1, 1_000, 100_000] {
                throughput(operator, history, keys, size);
            }
        }
    }
    if is_wanted("ranges") {
        ranges::ranges();
    }
    if is_wanted("one-row") {
        one_row();
    }
}

fn throughput(operator: Operator, history: History, keys: i64, size: usize) {
    let changes = if size == 1 { 100_000 } else { 2_000_000 };
    let commits = match history {
        History::Changes => changing(operator, keys, size, changes),
        History::Arrivals => arriving(keys, size, changes),
    };
    let per_second = |time: Duration| changes as f64 / time.as_secs_f64();
    let rounds = (0..3).map(|_| {
        let theirs = (history == History::Changes).then(|| differential::play(operator, commits.clone()));
        (ours::play(operator, history, commits.clone()), theirs.flatten())
    });
    let (ours, theirs): (Vec<_>, Vec<_>) = rounds.unzip();
    let ours = per_second(ours.into_iter().min().unwrap_or_default());
    match theirs.into_iter().flatten().min().map(per_second) {
        Some(theirs) => println!("{:>16} {keys:>10} {size:>10} {ours:>14.0} {theirs:>14.0} {:>7.1}", "", ours / theirs),
        None => println!("{:>16} {keys:>10} {size:>10} {ours:>14.0}", ""),
    }
}

/// A commit of one row on small and on large tables: it must not cost what the table is large.
///
/// First of a live pipeline, from a source to messages; then the operators alone, with a subscriber, whose few hundred
/// nanoseconds on a small table are all in the nearest caches.
fn one_row() {
    println!("\n    one-row, to messages");
    println!("{:>20} {:>10} {:>10}", "", "keys", "µs/commit");
    for operator in Operator::ALL {
        costs(operator, 20_000, |commits| messages::play(operator, commits));
    }
    println!("\n    one-row, the operators alone");
    println!("{:>20} {:>10} {:>10}", "", "keys", "µs/commit");
    for operator in Operator::ALL {
        costs(operator, 100_000, |commits| ours::play_behind_the_first(operator, commits));
    }
}

fn costs(operator: Operator, commits: usize, play: impl Fn(Commits) -> Duration) {
    let costs = [1_000, 1_000_000].map(|keys: i64| {
        // Two rows a key: how many a key has is not what is measured.
        let mut all: Commits = vec![(0..keys).flat_map(|key| [((key, 0), 1), ((key, 1), 1)]).collect()];
        let mut following = changing(operator, keys, 1, commits);
        if operator == Operator::Max {
            // Each is the greatest of its key, and so leaves as messages: of few keys, all would soon have had theirs.
            let rows = following.iter_mut().flatten();
            rows.zip(2..).for_each(|(((_, number), diff), greatest)| (*number, *diff) = (greatest, 1));
        }
        all.extend(following);
        let times = (0..3).map(|_| play(all.clone()));
        let cost = times.min().unwrap_or_default().as_secs_f64() * 1e6 / commits as f64;
        println!("{:>20} {keys:>10} {cost:>10.2}", operator.name());
        cost
    });
    println!("{:>20} {:>10} {:>10.2}", "", "ratio", costs[1] / costs[0]);
}

/// Rows of random keys, each of which goes again in one of four cases.
fn changing(operator: Operator, keys: i64, size: usize, changes: usize) -> Commits {
    let mut next = random();
    // A join of many rows a key would measure the pairs, and not the operator.
    let numbers = if operator.makes_pairs() { 2 } else { 10 };
    let mut there = Vec::<Row>::new();
    let all: Vec<(Row, i64)> = (0..changes)
        .map(|_| {
            let at = next() as usize;
            if at.is_multiple_of(4) && !there.is_empty() {
                let row = there.swap_remove(at % there.len());
                return (row, -1);
            }
            let row = ((next() % keys as u64) as i64, (next() % numbers) as i64);
            there.push(row);
            (row, 1)
        })
        .collect();
    all.chunks(size).map(<[_]>::to_vec).collect()
}

/// Rows of random keys that only arrive. Their times advance, and some are behind by up to two: none is late.
fn arriving(keys: i64, size: usize, changes: usize) -> Commits {
    let mut next = random();
    let row = |count: i64| ((next() % keys as u64) as i64, count / 100 - (next() % 3) as i64);
    let all: Vec<(Row, i64)> = (1..=changes as i64).map(row).map(|row| (row, 1)).collect();
    all.chunks(size).map(<[_]>::to_vec).collect()
}

/// The same numbers in every run.
fn random() -> impl FnMut() -> u64 {
    let mut random = 1_u64;
    move || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        random >> 33
    }
}
