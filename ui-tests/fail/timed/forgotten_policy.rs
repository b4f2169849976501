#![deny(unused_must_use)]

use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    city: String,
    at: DateTimeUtc,
}

fn pipeline(orders: Table<Order>) {
    orders.timed(|o| o.at);
}

fn main() {}
