use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    price: f64,
}

fn pipeline(orders: Table<Order>) {
    let lean = select!(o in orders => { id: o.id, cost: o.price * 2.0 });
    let big = filter!(l in lean => l.costs > 100.0);
}

fn main() {}
