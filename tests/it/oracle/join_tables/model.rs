//! The tables that are joined, and the checks: against a plain recomputation, and against nested joins of two tables.

use pathway::prelude::*;

use super::super::check::{Commits, assert_agrees, label, play, to_changes, with_all_workers};
use super::super::history::{self, Removals, seeds};
use super::super::recompute::{Rows, recompute};
use crate::support::random::Random;

/// A row of one of four tables.
#[derive(Schema)]
pub(super) struct Event {
    pub(super) table: i64,
    pub(super) id: i64,
    pub(super) shop: Option<i64>,
    pub(super) quantity: i64,
    /// No join mentions it: rows that differ only here are copies of one.
    pub(super) note: i64,
}

/// Table, id, shop, quantity, note.
type Line = (i64, i64, Option<i64>, i64, i64);

/// Few different values, so that some rows match several others, and some none.
fn history(seed: u64) -> Commits<Line> {
    history::history(&mut Random::new(seed), Removals::OfWhatIsThere, |random| {
        let shop = random.pick(&[None, Some(1), Some(2)]);
        let (id, quantity) = (random.pick(&[1, 2, 3]), random.pick(&[1, 2, 3]));
        (random.pick(&[0, 0, 1, 1, 2, 2, 3]), id, shop, quantity, random.pick(&[0, 1]))
    })
}

fn event((table, id, shop, quantity, note): Line) -> Event {
    Event { table, id, shop, quantity, note }
}

pub(super) fn table(events: &Table<Event>, number: i64) -> Table<Event> {
    filter!(e in events => e.table == number)
}

pub(super) fn three(events: &Table<Event>) -> (Table<Event>, Table<Event>, Table<Event>) {
    (table(events, 0), table(events, 1), table(events, 2))
}

/// The quantities of the rows that are joined.
#[derive(Schema)]
pub(super) struct Joined {
    pub(super) a: Option<i64>,
    pub(super) b: Option<i64>,
    pub(super) c: Option<i64>,
    pub(super) d: Option<i64>,
}

type Output = (Option<i64>, Option<i64>, Option<i64>, Option<i64>);

fn view(row: &Joined) -> Output {
    (row.a, row.b, row.c, row.d)
}

/// What nested joins and the model know of a row: id, shop, quantity.
pub(super) type Row = (i64, Option<i64>, i64);

/// Rows of the tables that are joined so far, each `None` where it is missing.
#[derive(Schema)]
pub(super) struct Nested {
    pub(super) rows: Vec<Option<Row>>,
}

fn row(event: &Event) -> Row {
    (event.id, event.shop, event.quantity)
}

pub(super) fn nested(event: &Event) -> Nested {
    Nested { rows: vec![Some(row(event))] }
}

/// The rows, and behind them one of the next table.
pub(super) fn and(rows: &[Option<Row>], event: Option<&Event>) -> Nested {
    Nested { rows: rows.iter().copied().chain([event.map(row)]).collect() }
}

pub(super) fn output(rows: &[Option<Row>]) -> Joined {
    let quantity = |number: usize| rows.get(number).copied().flatten().map(|(_, _, quantity)| quantity);
    Joined { a: quantity(0), b: quantity(1), c: quantity(2), d: quantity(3) }
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    Inner,
    Left,
    Right,
    Full,
}

/// How the next table is joined, and which pairs match.
pub(super) type Step = (Kind, fn(&[Option<Row>], Row) -> bool);

/// `None` equals `None`, but a row that is missing equals none.
pub(super) fn same_shop(row: Option<Row>, other: Row) -> bool {
    row.is_some_and(|row| row.1 == other.1)
}

pub(super) fn same_id(row: Option<Row>, other: Row) -> bool {
    row.is_some_and(|row| row.0 == other.0)
}

/// The steps as joins of two tables each, which compare all pairs.
fn nested_joins(events: &Table<Event>, steps: &[Step]) -> Table<Joined> {
    let mut joined = table(events, 0).select(nested);
    for (number, (kind, is_pair)) in steps.iter().copied().enumerate() {
        let missing = vec![None; number + 1];
        let other = table(events, number as i64 + 1);
        let join = joined.join(&other).on(|_| 0, |_| 0).and(move |rows, event| is_pair(&rows.rows, row(event)));
        joined = match kind {
            Kind::Inner => join.inner(|rows, event| and(&rows.rows, Some(event))),
            Kind::Left => join.left(|rows, event| and(&rows.rows, event)),
            Kind::Right => join.right(move |rows, event| and(rows.map_or(&missing, |rows| &rows.rows), Some(event))),
            Kind::Full => join.full(move |rows, event| and(rows.map_or(&missing, |rows| &rows.rows), event)),
        };
    }
    joined.select(|joined| output(&joined.rows))
}

/// The steps by plain recomputation.
fn model(rows: &Rows<Line>, steps: &[Step]) -> Rows<Output> {
    let of_table = |number: i64| {
        let lines = rows.iter().filter(move |((table, ..), _)| *table == number);
        lines.map(|((_, id, shop, quantity, _), copies)| ((*id, *shop, *quantity), *copies)).collect::<Vec<_>>()
    };
    let mut joined: Vec<_> = of_table(0).into_iter().map(|(row, copies)| (vec![Some(row)], copies)).collect();
    for (number, (kind, is_pair)) in steps.iter().enumerate() {
        joined = step(joined, number + 1, &of_table(number as i64 + 1), *kind, is_pair);
    }
    let mut all = Rows::new();
    for (rows, copies) in joined {
        *all.entry(view(&output(&rows))).or_default() += copies;
    }
    all
}

type Partial = Vec<(Vec<Option<Row>>, i64)>;

/// What SQL says of one join. `width` is the number of tables on the left side.
fn step(
    left: Partial,
    width: usize,
    right: &[(Row, i64)],
    kind: Kind,
    is_pair: impl Fn(&[Option<Row>], Row) -> bool,
) -> Partial {
    let with = |rows: &[Option<Row>], other| rows.iter().copied().chain([other]).collect::<Vec<_>>();
    let mut joined = Partial::new();
    for (rows, copies) in &left {
        let pairs: Vec<_> = right.iter().filter(|(other, _)| is_pair(rows, *other)).collect();
        joined.extend(pairs.iter().map(|(other, others)| (with(rows, Some(*other)), copies * others)));
        if pairs.is_empty() && matches!(kind, Kind::Left | Kind::Full) {
            joined.push((with(rows, None), *copies));
        }
    }
    for (other, copies) in right.iter().filter(|_| matches!(kind, Kind::Right | Kind::Full)) {
        if !left.iter().any(|(rows, _)| is_pair(rows, *other)) {
            joined.push((with(&vec![None; width], Some(*other)), *copies));
        }
    }
    joined
}

/// Checks a `join!` of several tables against the model, and against nested joins.
pub(super) fn check(case: &str, steps: &[Step], joined: impl Fn(&Table<Event>) -> Table<Joined>) {
    for seed in seeds() {
        let (case, history) = (label(case, seed), history(seed));
        let play = |shape: &dyn Fn(&Table<Event>) -> Table<Joined>| {
            with_all_workers(&case, |workers| play(&case, to_changes(&history, event), workers, shape, view))
        };
        let expected = recompute(&history, |_, rows| model(rows, steps));
        assert_agrees(&case, &play(&joined), expected.clone(), &history);
        let nested = play(&|events| nested_joins(events, steps));
        assert_agrees(&format!("{case}, nested"), &nested, expected, &history);
    }
}

/// The same where nested joins are the model.
pub(super) fn check_nested(
    case: &str,
    joined: impl Fn(&Table<Event>) -> Table<Joined>,
    nested: impl Fn(&Table<Event>) -> Table<Nested>,
) {
    for seed in seeds() {
        let (case, history) = (label(case, seed), history(seed));
        let play = |shape: &dyn Fn(&Table<Event>) -> Table<Joined>| {
            with_all_workers(&case, |workers| play(&case, to_changes(&history, event), workers, shape, view))
        };
        let expected = play(&|events| nested(events).select(|joined| output(&joined.rows)));
        assert_agrees(&case, &play(&joined), expected, &history);
    }
}
