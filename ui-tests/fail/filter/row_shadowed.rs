use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    price: f64,
}

fn pipeline(orders: Table<Order>) {
    let big = filter!(o in orders => [1.0, 2.0].iter().any(|o| *o > 1.0));
}

fn main() {}
