use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    price: f64,
}

fn pipeline(orders: Table<Order>) {
    let all = reduce!(o in orders => { odd: matches!(o.price, price if price > 1.0) });
}

fn main() {}
