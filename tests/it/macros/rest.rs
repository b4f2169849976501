//! `..o`: all other columns of the row.

use pathway::prelude::*;
use pathway::testing::Broker;

use super::{column, orders};

/// The names of a table's columns, in written order.
fn columns<R: Schema>(_: &Table<R>) -> Vec<&'static str> {
    R::COLUMNS.iter().map(|column| column.name).collect()
}

/// The first message that a table is written as, up to its `diff`.
fn first_message<R: Schema>(make: impl FnOnce(&Table<Sale>) -> Table<R>) -> String {
    let (pipeline, broker) = (Pipeline::new(), Broker::new());
    let sales = pipeline.rows([Sale { id: 7, price: 2.5, note: None }]);
    nats::write(&make(&sales), &broker, "out").json();
    pipeline.run().unwrap();
    let published = broker.published("out");
    published[0].text().split_once(r#","diff":1"#).unwrap().0.to_owned()
}

/// Not `Clone`, `Debug` or `PartialEq`, because a row does not have to be.
#[derive(Schema)]
struct Sale {
    #[schema(primary_key)]
    id: i64,
    price: f64,
    note: Option<String>,
}

#[test]
fn old_and_new_columns_can_be_used_downstream() {
    let costs = column(
        |orders| {
            let more = select!(o in orders => { ..o, cost: o.price * o.quantity as f64 });
            let even_more = select!(m in more => { double: m.cost * 2.0, ..m });
            filter!(e in even_more => e.paid && e.cost > 50.0)
        },
        |e| (e.id, e.city.clone(), e.cost, e.double),
    );
    assert_eq!(costs, [(4, "Rome".to_owned(), 160.0, 320.0)]);
}

#[test]
fn the_rest_can_be_used_after_reduce_and_join() {
    let pipeline = Pipeline::new();
    let more = select!(o in orders(&pipeline) => { ..o, cost: o.price * o.quantity as f64 });
    let cities = reduce!(m in more by m.city => { m.city, cost: sum(m.cost), n: count() });
    let joined = join!(m in more, c in cities on m.city == c.city => { ..m, share: m.cost / c.cost, c.n });
    let seen = joined.collect();
    pipeline.run().unwrap();
    let shares: Vec<_> = seen.rows().iter().map(|row| (row.id, row.n, row.share > 0.0)).collect();
    assert_eq!(shares.len(), 4, "{shares:?}");
    assert!(shares.iter().all(|(_, n, positive)| *n > 0 && *positive), "{shares:?}");
}

#[test]
fn old_columns_are_encoded_before_new_ones() {
    let text = first_message(|sales| select!(s in sales => { ..s, cost: s.price * 2.0 }));
    assert_eq!(text, r#"{"id":7,"price":2.5,"note":null,"cost":5.0"#);
    let text = first_message(|sales| select!(s in sales => { cost: 1, ..s }));
    assert_eq!(text, r#"{"id":7,"price":2.5,"note":null,"cost":1"#);
    assert_eq!(first_message(|sales| select!(s in sales => { ..s })), r#"{"id":7,"price":2.5,"note":null"#);
}

/// A new column takes the place of the old one with the same name, whatever its type.
#[test]
fn a_column_is_replaced() {
    let text = first_message(|sales| {
        let texts = select!(s in sales => { ..s, price: format!("{} €", s.price), cost: s.price });
        let known = filter!(t in texts => t.price.ends_with('€'));
        select!(k in known => { ..k, cost: 2 * k.id, id: k.price.len() as i64 })
    });
    assert_eq!(text, r#"{"id":7,"price":"2.5 €","note":null,"cost":14"#);
}

#[test]
fn columns_are_listed_in_written_order() {
    let pipeline = Pipeline::new();
    let sales = pipeline.rows([Sale { id: 7, price: 2.5, note: None }]);
    let more = select!(s in sales => { ..s, cost: 1, #[schema(rename = "Note")] remark: s.note, price: 1 });
    assert_eq!(columns(&more), ["id", "price", "note", "cost", "Note"]);
    let again = select!(m in more => { ..m, cost: "free".to_owned(), id: m.cost });
    assert_eq!(columns(&again), ["id", "price", "note", "cost", "Note"]);
    let seen = again.collect();
    pipeline.run().unwrap();
    let shown = r#"[AnonymousRow { id: 1, price: 1, note: null, cost: "free", Note: null }]"#;
    assert_eq!(format!("{:?}", seen.rows()), shown);
}

/// Rows that differ only in a replaced column are equal.
#[test]
fn replaced_columns_are_not_part_of_the_row() {
    let pipeline = Pipeline::new();
    let sale = |price| Sale { id: 7, price, note: None };
    let sales = pipeline.commits([
        vec![Change::insert(sale(1.0)), Change::insert(sale(2.0))],
        vec![Change::remove(sale(1.0)), Change::insert(sale(3.0))],
        vec![Change::insert(sale(4.0)), Change::remove(sale(2.0)), Change::remove(sale(3.0))],
    ]);
    let rounded = select!(s in sales => { ..s, price: (s.price / 4.0) as i64 });
    let once = rounded.distinct().collect();
    let all = rounded.collect();
    pipeline.start_with(2).and_then(pathway::Running::join).unwrap();
    let once: Vec<_> = once.changes().iter().map(|(commit, row, diff)| (*commit, row.price, *diff)).collect();
    assert_eq!(once, [(0, 0, 1), (2, 0, -1), (2, 1, 1)]);
    let all: Vec<_> = all.changes().iter().map(|(commit, row, diff)| (*commit, row.price, *diff)).collect();
    assert_eq!(all, [(0, 0, 2), (2, 0, -2), (2, 1, 1)]);
    assert!(rounded_rows_are_equal());
}

fn rounded_rows_are_equal() -> bool {
    let pipeline = Pipeline::new();
    let sales = pipeline.rows([1.0, 2.0].map(|price| Sale { id: 7, price, note: None }));
    let seen = select!(s in sales => { ..s, price: (s.price / 4.0) as i64 }).collect();
    pipeline.run().unwrap();
    let rows = seen.rows();
    rows[0] == rows[1] && rows[0].clone() == rows[1]
}

#[test]
fn a_row_with_a_name_keeps_its_other_columns() {
    let text = first_message(|sales| {
        let doubled = select!(s in sales => Sale { price: s.price * 2.0, ..s });
        select!(d in doubled => Sale { ..d, note: Some("x".to_owned()) })
    });
    assert_eq!(text, r#"{"id":7,"price":5.0,"note":"x""#);
}
