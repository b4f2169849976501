//! Joins whose condition is a range, of keys with many rows, against a plain recomputation.

use pathway::prelude::*;

use super::check::{Commits, assert_agrees, label, play, to_changes, with_all_workers};
use super::history::{self, Removals, seeds};
use super::recompute::{Rows, recompute};
use crate::support::random::Random;

#[derive(Schema)]
struct Event {
    key: i64,
    is_left: bool,
    from: i64,
    to: i64,
    limit: Option<f64>,
    name: String,
}

/// Key, whether the row is on the left side, from, to.
type Line = (i64, bool, i64, i64);

fn event((key, is_left, from, to): Line) -> Event {
    Event { key, is_left, from, to, limit: (to % 5 != 0).then_some(to as f64 / 4.0), name: format!("name {to}") }
}

/// One key has many rows from the first commit to the last one.
fn history(seed: u64) -> Commits<Line> {
    let mut random = Random::new(seed);
    let line = |random: &mut Random, key: i64| {
        let from = random.below(64) as i64;
        let length = random.pick(&[-3, 0, 1, 2, 5, 5, 20, 1_000_000, i64::MAX / 2]);
        (key, random.below(2) == 0, from, from + length)
    };
    let many: Vec<_> = (0..120).map(|_| (line(&mut random, 0), 1)).collect();
    let mut history = history::history(&mut random, Removals::OfWhatIsThere, |random| {
        let key = random.pick(&[0, 0, 0, 1]);
        line(random, key)
    });
    history.insert(0, many.clone());
    history.last_mut().expect("commits").extend(many.into_iter().map(|(line, copies)| (line, -copies)));
    history
}

#[derive(Schema)]
struct Joined {
    left: Option<i64>,
    right: Option<i64>,
    left_to: Option<i64>,
    right_to: Option<i64>,
}

type Output = [Option<(i64, i64)>; 2];

fn view(row: &Joined) -> Output {
    [row.left.zip(row.left_to), row.right.zip(row.right_to)]
}

/// What a join emits besides pairs: rows of the left and of the right side without a match.
type Unmatched = (bool, bool);

fn expected(
    rows: &Rows<Line>,
    meets: fn(&Event, &Event) -> bool,
    (left_unmatched, right_unmatched): Unmatched,
) -> Rows<Output> {
    let side = |is_left: bool| {
        rows.iter().filter(move |(line, _)| line.1 == is_left).map(|(line, copies)| (event(*line), *copies))
    };
    let mut table = Rows::new();
    let mut add = |left: Option<&Event>, right: Option<&Event>, copies: i64| {
        *table.entry([left, right].map(|row| row.map(|row| (row.from, row.to)))).or_default() += copies;
    };
    let is_pair = |left: &Event, right: &Event| left.key == right.key && meets(left, right);
    for (left, copies) in side(true) {
        let pairs: Vec<_> = side(false).filter(|(right, _)| is_pair(&left, right)).collect();
        pairs.iter().for_each(|(right, others)| add(Some(&left), Some(right), copies * others));
        if pairs.is_empty() && left_unmatched {
            add(Some(&left), None, copies);
        }
    }
    for (right, copies) in side(false).filter(|_| right_unmatched) {
        if !side(true).any(|(left, _)| is_pair(&left, &right)) {
            add(None, Some(&right), copies);
        }
    }
    table
}

fn check(
    case: &str,
    meets: fn(&Event, &Event) -> bool,
    unmatched: Unmatched,
    shape: impl Fn(Table<Event>, Table<Event>) -> Table<Joined>,
) {
    for seed in seeds() {
        let case = label(case, seed);
        let history = history(seed);
        let shape =
            |events: &Table<Event>| shape(filter!(e in events => e.is_left), filter!(e in events => !e.is_left));
        let seen = with_all_workers(&case, |workers| play(&case, to_changes(&history, event), workers, shape, view));
        assert_agrees(&case, &seen, recompute(&history, |_, rows| expected(rows, meets, unmatched)), &history);
    }
}

/// A join of each kind with the condition.
macro_rules! check_kinds {
    ($case:literal, $meets:expr, |$a:ident, $b:ident| $($condition:tt)*) => {{
        let meets: fn(&Event, &Event) -> bool = $meets;
        check(concat!("inner join, ", $case), meets, (false, false), |left, right| {
            join!($a in left, $b in right on $a.key == $b.key && $($condition)* => Joined {
                left: Some($a.from), right: Some($b.from), left_to: Some($a.to), right_to: Some($b.to),
            })
        });
        check(concat!("left join, ", $case), meets, (true, false), |left, right| {
            join!($a in left, $b? in right on $a.key == $b.key && $($condition)* => Joined {
                left: Some($a.from), right: $b.map(|b| b.from), left_to: Some($a.to), right_to: $b.map(|b| b.to),
            })
        });
        check(concat!("full join, ", $case), meets, (true, true), |left, right| {
            join!($a? in left, $b? in right on $a.key == $b.key && $($condition)* => Joined {
                left: $a.map(|a| a.from), right: $b.map(|b| b.from), left_to: $a.map(|a| a.to), right_to: $b.map(|b| b.to),
            })
        });
    }};
}

#[test]
fn a_value_between_two_others() {
    check_kinds!("contains", |a, b| (a.from..=a.to).contains(&b.from), |a, b| (a.from..=a.to).contains(&b.from));
    check_kinds!("two comparisons", |a, b| b.from < a.from && a.from <= b.to, |a, b| a.from <= b.to && b.from < a.from);
    check_kinds!("an open range and another condition", |a, b| a.from <= b.from && b.to != 7, |a, b| (a.from..)
        .contains(&b.from)
        && b.to != 7);
}

#[test]
fn ranges_that_overlap() {
    check_kinds!("overlap", |a, b| a.from <= b.to && b.from <= a.to, |a, b| a.from <= b.to && b.from <= a.to);
    check_kinds!("unrelated", |a, b| a.from < b.to && a.to > b.from + 2, |a, b| a.from < b.to && a.to > b.from + 2);
}

#[test]
fn ranges_of_other_types() {
    check_kinds!("options of floats", |a, b| a.limit >= b.limit, |a, b| a.limit >= b.limit);
    check_kinds!("texts", |a, b| a.name <= b.name && b.limit.is_some(), |a, b| a.name <= b.name && b.limit.is_some());
}

#[test]
fn sums() {
    check_kinds!("sums", |a, b| b.from <= a.from + 3 && b.from + 1 >= a.from, |a, b| b.from <= a.from + 3
        && b.from + 1 >= a.from);
}

/// Behind another condition, a value may be one that cannot be computed.
#[test]
fn values_that_a_condition_guards_are_not_computed_without_it() {
    check_kinds!("a guarded sum", |a, b| a.to < 1_000 && b.from <= a.to + (i64::MAX - 1_000), |a, b| a.to < 1_000
        && b.from <= a.to + (i64::MAX - 1_000));
}
