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

#[derive(Clone, Schema)]
struct Cart {
    id: i64,
    items: Vec<(String, i64)>,
    text: String,
    note: Option<String>,
}

fn of_carts<R: Schema>(build: impl FnOnce(&Table<Cart>) -> Table<R>) -> Vec<R> {
    let pipeline = Pipeline::new();
    let cart = |id, items: &[(&str, i64)], text: &str, note: Option<&str>| {
        let items = items.iter().map(|(sku, n)| ((*sku).to_owned(), *n)).collect();
        Cart { id, items, text: text.to_owned(), note: note.map(str::to_owned) }
    };
    let carts = pipeline.rows([
        cart(1, &[("pen", 2), ("ink", 1)], "7", None),
        cart(2, &[], "seven", Some("gift")),
        cart(3, &[("pen", 5)], "-2", Some("fragile")),
    ]);
    let seen = build(&carts).collect();
    pipeline.run().unwrap();
    seen.rows()
}

#[test]
fn a_row_for_each_element_of_a_list() {
    let rows = of_carts(|carts| select!(c in carts, (sku, n) in &c.items => { c.id, sku, n, double: n * 2 }));
    let rows: Vec<_> = rows.iter().map(|row| (row.id, &*row.sku, row.n, row.double)).collect();
    assert_eq!(rows, [(1, "ink", 1, 2), (1, "pen", 2, 4), (3, "pen", 5, 10)]);
    // The list by value, whose elements are the closure's own, and a field of each.
    let rows = of_carts(
        |carts| select!(c in carts, item in c.items, => { n: item.1, sku: item.0, shout: item.0.to_uppercase() }),
    );
    let rows: Vec<_> = rows.iter().map(|row| (row.n, &*row.sku, &*row.shout)).collect();
    assert_eq!(rows, [(1, "ink", "INK"), (2, "pen", "PEN"), (5, "pen", "PEN")]);
}

#[test]
fn a_row_for_each_combination_of_elements() {
    let rows = of_carts(
        |carts| select!(c in carts, item in &c.items, letter in item.0.chars(), n in 0..item.1 => { c.id, letter: letter.to_string(), n }),
    );
    assert_eq!(rows.len(), 3 * (2 + 1 + 5));
    assert_eq!((rows[0].id, &*rows[0].letter, rows[0].n), (1, "e", 0));
}

#[test]
fn a_row_where_there_is_a_value() {
    let rows = of_carts(|carts| select!(c in carts, number in c.text.parse::<i64>() => { c.id, number }));
    assert_eq!(rows.iter().map(|row| (row.id, row.number)).collect::<Vec<_>>(), [(1, 7), (3, -2)]);
    let rows = of_carts(|carts| select!(c in carts, note in c.note => { ..c, note, length: c.text.len() as i64 }));
    assert_eq!(
        rows.iter().map(|row| (row.id, &*row.note, row.length)).collect::<Vec<_>>(),
        [(2, "gift", 5), (3, "fragile", 2)]
    );
    let rows = of_carts(|carts| select!(c in carts, city in &c.note => Lean { c.id, city: city.clone() }));
    assert_eq!(rows[0], Lean { id: 2, city: "gift".to_owned() });
}

#[test]
fn a_reference_to_a_value_is_cloned() {
    let cities = column(|orders| select!(o in orders => { city: &o.city, day: &o.day }), |row| (row.city, row.day));
    assert_eq!(cities[3], ("Rome".to_owned(), 1));
}
