//! `filter!` and [`Table::filter`](pathway::Table::filter).

use pathway::prelude::*;

use super::check::check_row_by_row as check;
use super::orders::{line, order};

#[test]
fn by_a_condition() {
    check(
        "filter by a condition",
        |orders| filter!(o in orders => o.quantity > 0 && o.city != "Rome"),
        line,
        |rows| rows.filter(|(city, _, _, quantity, _)| *quantity > 0 && city != "Rome"),
    );
}

#[test]
fn by_an_option_and_a_float() {
    let limit = 0.0;
    check(
        "filter by an option and a float",
        move |orders| filter!(o in orders => o.shop.is_none_or(|shop| shop == 1) && o.price <= limit),
        line,
        |rows| rows.filter(|(_, _, shop, _, sixteenths)| *shop != Some(0) && *sixteenths <= 0),
    );
}

#[test]
fn everything_and_nothing() {
    check("filter of everything", |orders| filter!(o in orders => o.day > 0), line, |rows| rows);
    check("filter of nothing", |orders| filter!(o in orders => o.day < 0), line, |rows| rows.filter(|_| false));
}

#[test]
fn by_methods() {
    check(
        "filter by methods",
        |orders| orders.filter(|o| o.city.is_empty()).filter(|o| o.quantity != 0),
        line,
        |rows| rows.filter(|(city, _, _, quantity, _)| city.is_empty() && *quantity != 0),
    );
}

/// Found by the cases above: a commit with insertions only emitted copies of a row as separate changes.
#[test]
fn copies_of_a_row_are_one_change() {
    let pipeline = Pipeline::new();
    let row = |city: &str| order((city.to_owned(), 1, None, 1, 1));
    let orders = pipeline.rows(["Oslo", "Rome", "Oslo"].map(row));
    let seen = filter!(o in orders => o.day == 1).collect();
    pipeline.run().unwrap();
    let changes: Vec<_> = seen.changes().into_iter().map(|(commit, order, diff)| (commit, order.city, diff)).collect();
    assert_eq!(changes, [(0, "Oslo".to_owned(), 2), (0, "Rome".to_owned(), 1)]);
}
