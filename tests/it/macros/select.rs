//! `select!` makes a row of each row.

use pathway::prelude::*;

use super::{column, rows};

#[derive(Debug, PartialEq, Schema)]
struct Lean {
    id: i64,
    city: String,
}

#[test]
fn columns_of_an_anonymous_row_can_be_used_downstream() {
    let ids = column(
        |orders| {
            let lean = select!(o in orders => { id: o.id, cost: o.price * o.quantity as f64 });
            filter!(l in lean => l.cost > 50.0)
        },
        |l| (l.id, l.cost),
    );
    assert_eq!(ids, [(3, 90.0), (4, 160.0)]);
}

#[test]
fn a_row_can_have_a_name() {
    let lean = rows(|orders| {
        let paid = filter!(o in orders => o.paid);
        select!(o in paid => Lean { id: o.id, city: o.city })
    });
    let row = |id, city: &str| Lean { id, city: city.to_owned() };
    assert_eq!(lean, [row(2, "Oslo"), row(4, "Rome")]);
}

#[test]
fn a_column_alone_keeps_its_name() {
    let id = 7;
    let anonymous = column(|orders| select!(o in orders => { o.city, id }), |row| (row.city, row.id));
    assert_eq!(anonymous[3], ("Rome".to_owned(), 7));
    let named = rows(|orders| select!(o in orders => Lean { id, o.city }));
    assert_eq!(named[3], Lean { id: 7, city: "Rome".to_owned() });
}

#[test]
fn attributes_go_to_the_columns() {
    let pipeline = Pipeline::new();
    let renamed = select!(o in super::orders(&pipeline) => { #[schema(rename = "orderId")] id: o.id });
    assert_eq!(columns(&renamed), ["orderId"]);
    let _ = renamed.collect();
    pipeline.run().unwrap();
}

fn columns<R: Schema>(_: &Table<R>) -> Vec<&'static str> {
    R::COLUMNS.iter().map(|column| column.name).collect()
}

#[test]
fn the_row_need_not_be_used() {
    assert_eq!(column(|orders| select!(city in orders => { city: 1 }), |row| row.city), [1, 1, 1, 1]);
    assert_eq!(column(|orders| select!(_ in orders => { one: 1 }), |row| row.one), [1, 1, 1, 1]);
}
