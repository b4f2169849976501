//! `neighbours`, against sorted lists of each group's rows.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use pathway::prelude::*;

use super::check::{assert_agrees, label, play, to_changes, with_all_workers};
use super::history::{Removals, seeds};
use super::orders::{Line, Order, history, line, order, price};
use super::recompute::{Rows, recompute};

/// A row, and the quantities and prices of the rows beside it.
#[derive(Schema)]
struct Linked {
    #[schema(flatten)]
    order: Order,
    previous: Option<i64>,
    next: Option<f64>,
}

type LinkedLine = (Line, Option<i64>, Option<i64>);

fn linked(order: &Order, previous: Option<&Order>, next: Option<&Order>) -> Linked {
    let (previous, next) = (previous.map(|order| order.quantity), next.map(|order| order.price));
    Linked { order: order.clone(), previous, next }
}

fn view(linked: &Linked) -> LinkedLine {
    (line(&linked.order), linked.previous, linked.next.map(|price| (price * 16.0) as i64))
}

/// All rows with what `link` makes of those beside them: the copies of a row, and rows that are alike, in the order of their
/// columns.
fn neighbours<K: Ord, V: Ord, O: Ord>(
    rows: &Rows<Line>,
    key: impl Fn(&Line) -> K,
    order: impl Fn(&Line) -> V,
    link: impl Fn(&Line, Option<&Line>, Option<&Line>) -> O,
) -> Rows<O> {
    let mut groups = BTreeMap::<K, Vec<Line>>::new();
    for (line, copies) in rows {
        groups.entry(key(line)).or_default().extend((0..*copies).map(|_| line.clone()));
    }
    let mut linked = Rows::new();
    for mut lines in groups.into_values() {
        lines.sort_by_key(|line| order(line));
        for (at, line) in lines.iter().enumerate() {
            let previous = at.checked_sub(1).map(|before| &lines[before]);
            *linked.entry(link(line, previous, lines.get(at + 1))).or_default() += 1;
        }
    }
    linked
}

fn link(line: &Line, previous: Option<&Line>, next: Option<&Line>) -> LinkedLine {
    (line.clone(), previous.map(|line| line.3), next.map(|line| line.4))
}

#[test]
fn rows_of_each_group() {
    check(
        "neighbours",
        |orders| orders.group_by(|o| o.city.clone()).neighbours(|o| o.quantity, linked),
        view,
        |rows| neighbours(rows, |line| line.0.clone(), |line| line.3, link),
    );
}

#[test]
fn rows_of_the_whole_table_in_an_order_of_several_columns() {
    check(
        "neighbours of all",
        |orders| orders.group_by(|_| ()).neighbours(|o| (Reverse(o.shop), o.price), linked),
        view,
        |rows| neighbours(rows, |_| (), |line| (Reverse(line.2), line.4), link),
    );
}

/// Only neighbours whose column changes have another row.
#[test]
fn rows_that_show_little_of_their_neighbours() {
    check(
        "neighbours with one column",
        |orders| {
            orders.group_by(|o| (o.city.clone(), o.day)).neighbours(
                |o| o.price,
                |o, previous, _| Linked { previous: None, next: previous.map(|o| o.price), order: o.clone() },
            )
        },
        view,
        |rows| {
            let link = |line: &Line, previous: Option<&Line>, _: Option<&Line>| {
                (line.clone(), None, previous.map(|line| line.4))
            };
            neighbours(rows, |line| (line.0.clone(), line.1), |line| line.4, link)
        },
    );
}

/// All rows of a group are alike in the order, and many are copies.
#[test]
fn copies_of_rows() {
    check(
        "neighbours of copies",
        |orders| {
            let days = select!(o in orders => Order { city: o.city.clone(), day: o.day, shop: None, quantity: o.day, price: price(8) });
            days.group_by(|o| o.city.clone()).neighbours(|_| 0, linked)
        },
        view,
        |rows| {
            let mut days = Rows::new();
            for ((city, day, ..), copies) in rows {
                *days.entry((city.clone(), *day, None, *day, 8)).or_default() += copies;
            }
            neighbours(&days, |line| line.0.clone(), |_| 0, link)
        },
    );
}

/// The result of one operator is the input of another: the difference to the price before, and the steps between those.
#[test]
fn neighbours_of_neighbours() {
    check(
        "neighbours twice",
        |orders| {
            let linked = orders.group_by(|o| o.day).neighbours(|o| o.quantity, linked);
            let orders = linked.select(|l| Order { quantity: l.previous.unwrap_or(9), ..l.order.clone() });
            orders.group_by(|o| o.city.clone()).neighbours(|o| o.day, self::linked)
        },
        view,
        |rows| {
            let first = |line: &Line, previous: Option<&Line>, _: Option<&Line>| {
                (line.0.clone(), line.1, line.2, previous.map_or(9, |line| line.3), line.4)
            };
            let orders = neighbours(rows, |line| line.1, |line| line.3, first);
            neighbours(&orders, |line| line.0.clone(), |line| line.1, link)
        },
    );
}

fn check(
    case: &str,
    shape: impl Fn(&Table<Order>) -> Table<Linked>,
    view: impl Fn(&Linked) -> LinkedLine,
    oracle: impl Fn(&Rows<Line>) -> Rows<LinkedLine>,
) {
    for seed in seeds() {
        let label = label(case, seed);
        let history = history(seed, Removals::OfWhatIsThere);
        let seen =
            with_all_workers(&label, |workers| play(&label, to_changes(&history, order), workers, &shape, &view));
        assert_agrees(&label, &seen, recompute(&history, |_, rows| oracle(rows)), &history);
    }
}
