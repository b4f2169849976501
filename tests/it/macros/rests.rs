//! `{ ..a, ..b }`: the columns of several rows.

use pathway::Running;
use pathway::prelude::*;
use pathway::testing::Broker;

/// Not `Clone`, `Debug` or `PartialEq`, because a row does not have to be.
#[derive(Schema)]
struct Stock {
    #[schema(primary_key)]
    product: i64,
    #[schema(rename = "Shop")]
    shop: String,
    pieces: i64,
    #[schema(format = "unix_s")]
    at: DateTimeUtc,
}

#[derive(Schema)]
struct Price<T = f64> {
    item: i64,
    price: T,
    #[schema(flatten)]
    note: Note,
    r#type: Option<String>,
}

#[derive(Schema)]
struct Note {
    text: String,
}

/// It has columns in common with both of the others.
#[derive(Schema)]
struct Order {
    id: i64,
    pieces: i64,
    price: i64,
}

struct Tables {
    pipeline: Pipeline,
    stocks: Table<Stock>,
    prices: Table<Price>,
    orders: Table<Order>,
}

fn tables() -> Tables {
    let pipeline = Pipeline::new();
    let at = DateTimeUtc::from_second(5).unwrap();
    let stocks =
        pipeline.rows([1, 2].map(|product| Stock { product, shop: format!("s{product}"), pieces: 10 * product, at }));
    let price = |item| Price { item, price: item as f64 / 2.0, note: Note { text: format!("t{item}") }, r#type: None };
    let prices = pipeline.rows([1, 2].map(price));
    let orders = pipeline.rows([1, 2].map(|id| Order { id, pieces: -id, price: -10 * id }));
    Tables { pipeline, stocks, prices, orders }
}

/// The first message that a table is written as, up to its `diff`.
fn message<R: Schema>(pipeline: Pipeline, table: &Table<R>) -> String {
    let broker = Broker::new();
    nats::write(table, &broker, "out").json();
    pipeline.run().unwrap();
    let published = broker.published("out");
    published[0].text().split_once(r#","diff":1"#).unwrap().0.to_owned()
}

/// The names of a table's columns, in written order.
fn columns<R: Schema>(_: &Table<R>) -> Vec<&'static str> {
    R::COLUMNS.iter().map(|column| column.name).collect()
}

#[test]
fn the_columns_of_both_rows_are_written() {
    let Tables { pipeline, stocks, prices, .. } = tables();
    let both = join!(s in stocks, p in prices on s.product == p.item => { ..s, ..p, value: p.price * s.pieces as f64 });
    assert_eq!(columns(&both), ["product", "Shop", "pieces", "at", "item", "price", "text", "type", "value"]);
    assert_eq!(
        message(pipeline, &both),
        r#"{"product":1,"Shop":"s1","pieces":10,"at":5,"item":1,"price":0.5,"text":"t1","type":null,"value":5.0"#
    );
}

#[test]
fn the_columns_of_both_rows_can_be_used_downstream() {
    let Tables { pipeline, stocks, prices, .. } = tables();
    let both = join!(s in stocks, p in prices on s.product == p.item => { ..p, ..s });
    let more = select!(b in both => { ..b, value: b.price * b.pieces as f64, text: b.note.text.len() as i64 });
    let large = filter!(m in more => m.value > 5.0 && m.shop == "s2" && m.r#type.is_none() && m.text == 2);
    let seen = large.collect();
    pipeline.run().unwrap();
    let rows = seen.rows();
    assert_eq!(rows.iter().map(|row| (row.item, row.product, row.value)).collect::<Vec<_>>(), [(2, 2, 20.0)]);
    assert_eq!(rows[0].clone(), rows[0]);
    assert!(
        format!("{:?}", rows[0]).starts_with(r#"AnonymousRow { item: 2, price: 1.0, text: 2, type: null, product: 2"#)
    );
}

/// A column that both rows have is the one that is written, in the place of the first one.
#[test]
fn a_written_column_is_in_the_place_of_those_of_both_rows() {
    let Tables { pipeline, stocks, orders, .. } = tables();
    let both = join!(s in stocks, o in orders on s.product == o.id => { ..s, ..o, pieces: format!("{} {}", s.pieces, o.pieces) });
    let shown = select!(b in both => { ..b, pieces: b.pieces.len() as i64 + b.price });
    assert_eq!(columns(&shown), ["product", "Shop", "pieces", "at", "id", "price"]);
    assert_eq!(message(pipeline, &shown), r#"{"product":1,"Shop":"s1","pieces":-5,"at":5,"id":1,"price":-10"#);
}

#[test]
fn three_rows_give_their_columns() {
    let Tables { pipeline, stocks, prices, orders } = tables();
    let all = join!(
        s in stocks,
        p in prices on s.product == p.item,
        o in orders on s.product == o.id => { ..s, ..p, ..o, pieces: o.pieces, price: p.price }
    );
    assert_eq!(columns(&all), ["product", "Shop", "pieces", "at", "item", "price", "text", "type", "id"]);
    let some = filter!(a in all => a.pieces == -1 && a.price > 0.0 && a.id == a.item && a.note.text == "t1");
    assert_eq!(
        message(pipeline, &some),
        r#"{"product":1,"Shop":"s1","pieces":-1,"at":5,"item":1,"price":0.5,"text":"t1","type":null,"id":1"#
    );
}

/// A column that is named once behind `on` is equal in both rows.
#[test]
fn a_column_that_is_named_once_is_there_once() {
    let Tables { pipeline, stocks, orders, .. } = tables();
    let sizes = select!(s in stocks => { id: s.product, s.pieces, size: s.pieces + 1 });
    let names = select!(o in orders => { o.id, name: format!("n{}", o.id) });
    let all = join!(s in sizes, n in names on id, o in orders on id => { ..s, ..n, ..o, pieces: o.pieces });
    assert_eq!(columns(&all), ["id", "pieces", "size", "name", "price"]);
    assert_eq!(message(pipeline, &all), r#"{"id":1,"pieces":-1,"size":11,"name":"n1","price":-10"#);
}

/// Rows that were made of several rows are joined again, on either side.
#[test]
fn rows_of_several_rows_are_joined_again() {
    let Tables { pipeline, stocks, prices, orders } = tables();
    let both = join!(s in stocks, p in prices on s.product == p.item => { ..s, ..p, twice: 2 * s.pieces });
    let front = join!(b in both, o in orders on b.product == o.id => { ..b, ..o, pieces: b.pieces, price: b.price });
    let behind = join!(o in orders, f in front on id => { ..o, ..f, front: f.twice + f.pieces, pieces: o.pieces, price: f.price });
    let seen = behind.collect();
    pipeline.start_with(2).and_then(Running::join).unwrap();
    let rows: Vec<_> =
        seen.rows().iter().map(|row| (row.id, row.pieces, row.price, row.front, row.twice, row.shop.clone())).collect();
    assert_eq!(rows, [(1, -1, 0.5, 30, 20, "s1".to_owned()), (2, -2, 1.0, 60, 40, "s2".to_owned())]);
}

/// Rows are equal if all columns are that are there: one that is replaced does not count.
#[test]
fn rows_are_compared_by_the_columns_that_are_there() {
    let pipeline = Pipeline::new();
    let order = |pieces, price| Order { id: 1, pieces, price };
    let orders = pipeline.commits([
        vec![Change::insert(order(1, 5)), Change::insert(order(2, 5))],
        vec![Change::remove(order(1, 5)), Change::insert(order(3, 6))],
        vec![Change::remove(order(2, 5))],
    ]);
    let prices = pipeline.rows([Price { item: 1, price: 7_i64, note: Note { text: String::new() }, r#type: None }]);
    let both = join!(p in prices, o in orders on p.item == o.id => { ..p, ..o, pieces: 0, price: o.price });
    let seen = both.distinct().collect();
    pipeline.start_with(2).and_then(Running::join).unwrap();
    let changes: Vec<_> = seen.changes().iter().map(|(commit, row, diff)| (*commit, row.price, *diff)).collect();
    assert_eq!(changes, [(0, 5, 1), (1, 6, 1), (2, 5, -1)]);
}
