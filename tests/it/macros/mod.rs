//! The meaning of `filter!`, `select!`, `reduce!`, `top!`, `join!` and `row!`.

mod extends;
mod filter;
mod hygiene;
mod join;
mod join_conditions;
mod join_tables;
mod keys;
mod places;
mod reduce;
mod reducer_words;
mod reducers;
mod rest;
mod rests;
mod row;
mod select;
mod top;
mod where_clause;
mod windows;

use pathway::prelude::*;

#[derive(Clone, Debug, PartialEq, Schema)]
struct Order {
    id: i64,
    city: String,
    day: i64,
    price: f64,
    quantity: i64,
    note: Option<String>,
    paid: bool,
}

/// Four orders from two cities.
fn orders(pipeline: &Pipeline) -> Table<Order> {
    let order = |id, city: &str, day, price, quantity, note: Option<&str>| Order {
        id,
        city: city.to_owned(),
        day,
        price,
        quantity,
        note: note.map(str::to_owned),
        paid: id % 2 == 0,
    };
    pipeline.rows(vec![
        order(1, "Oslo", 1, 10.0, 1, None),
        order(2, "Oslo", 1, 20.0, 2, Some("fragile")),
        order(3, "Oslo", 2, 30.0, 3, None),
        order(4, "Rome", 1, 40.0, 4, Some("gift")),
    ])
}

/// Runs a pipeline over [`orders`], and returns the rows of the table that `build` returns.
fn rows<R: Schema>(build: impl FnOnce(Table<Order>) -> Table<R>) -> Vec<R> {
    let pipeline = Pipeline::new();
    let seen = build(orders(&pipeline)).collect();
    pipeline.run().unwrap();
    seen.rows()
}

/// The values of one column.
fn column<R: Schema, C>(build: impl FnOnce(Table<Order>) -> Table<R>, column: impl FnMut(R) -> C) -> Vec<C> {
    rows(build).into_iter().map(column).collect()
}
