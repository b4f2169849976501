use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    price: f64,
}

fn pipeline(orders: Table<Order>) {
    let all = reduce!(o in orders => { n: count(), cheap: sum(o.price) where o.pirce < 10.0 });
}

fn main() {}
