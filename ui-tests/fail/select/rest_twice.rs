use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    price: f64,
}

fn pipeline(orders: Table<Order>) {
    let more = select!(o in orders => { ..o, cost: o.price * 2.0, ..o });
}

fn main() {}
