use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    price: f64,
}

fn pipeline(orders: Table<Order>) {
    let cheap = select!(o in orders => { o.id, price: o.price where o.price < 10.0 });
}

fn main() {}
