//! Functions over all rows that have the columns of an `Order`.

use pathway::prelude::*;
use pathway::schema::Extends;

use super::{Order, column, orders};

fn dear<R: Extends<Order>>(orders: &Table<R>) -> Table<R> {
    filter!(o in orders => o.base().price > 15.0)
}

fn dearest<R: Extends<Order>>(orders: &Table<R>) -> Table<impl Extends<Order> + use<R>> {
    let dearest = top!(1 of o in orders by o.base().city order o.base().price desc => { ..o, rank });
    select!(d in dearest => { ..d, is_dear: d.base().price > 35.0 })
}

#[test]
fn the_row_itself() {
    assert_eq!(column(|orders| dear(&orders), |o| o.id), [2, 3, 4]);
}

#[test]
fn rows_with_more_columns_keep_them() {
    let costs = column(
        |orders| {
            let costs = select!(o in orders => { ..o, cost: o.price * o.quantity as f64 });
            let labels = select!(c in dear(&costs) => { ..c, label: format!("{}: {}", c.id, c.cost) });
            dear(&labels)
        },
        |row| (row.id, row.label.clone(), row.cost),
    );
    assert_eq!(costs[2], (4, "4: 160".to_owned(), 160.0));
}

#[test]
fn rows_of_a_join_and_of_a_top() {
    let pipeline = Pipeline::new();
    let orders = orders(&pipeline);
    let cities = reduce!(o in orders by o.city => { o.city, n: count() });
    let joined = join!(o in orders, c in cities on o.city == c.city => { ..o, c.n });
    let first = top!(1 of j in dear(&joined) by j.city order j.price => { ..j, rank }).collect();
    pipeline.run().unwrap();
    assert_eq!(first.rows().iter().map(|row| (row.id, row.n, row.rank)).collect::<Vec<_>>(), [(2, 3, 1), (4, 1, 1)]);
}

fn with_sizes<R: Extends<Order>>(orders: &Table<R>) -> Table<impl Extends<Order> + use<R>> {
    let cities = reduce!(o in orders by o.base().city => { city, n: count(), total: sum(o.base().price) });
    let large = select!(c in cities => { c.city, is_large: c.n > 2 });
    join!(o in orders, l in large on o.base().city == l.city => { ..o, l.is_large })
}

#[test]
fn columns_of_the_base_are_used_like_those_of_a_row() {
    let prices = column(|orders| dear(&with_sizes(&select!(o in orders => { ..o, n: 1 }))), |row| row.base().price);
    assert_eq!(prices, [20.0, 30.0, 40.0]);
}

/// Only the columns of the `Order` are known of what such a function returns.
#[test]
fn a_function_can_keep_its_new_columns_to_itself() {
    let prices = column(|orders| dear(&dearest(&orders)), |row| row.base().price);
    assert_eq!(prices, [30.0, 40.0]);
}

/// Another new column of the same name is no column of the `Order`.
#[test]
fn a_new_column_can_be_replaced() {
    let costs = column(
        |orders| {
            let costs = select!(o in orders => { ..o, cost: o.price });
            let costs = select!(c in costs => { ..c, cost: format!("{} €", c.cost) });
            dear(&costs)
        },
        |row| row.cost.clone(),
    );
    assert_eq!(costs, ["20 €", "30 €", "40 €"]);
}
