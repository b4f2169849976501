use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    price: f64,
}

fn pipeline(orders: Table<Order>) {
    let all = reduce!(o in orders => { share: f64::from(o.price) / sum(o.price) });
}

fn main() {}
