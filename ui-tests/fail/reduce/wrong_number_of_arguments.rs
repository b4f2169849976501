use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    price: f64,
}

fn pipeline(orders: Table<Order>) {
    let all = reduce!(o in orders => { n: count(o.id), total: sum(), least: min(o.id, o.price) });
}

fn main() {}
