use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    city: String,
    town: String,
    at: i64,
    price: f64,
}

fn pipeline(orders: Table<Order>) {
    let groups = reduce!(o in orders by hour: o.at / 3600, o.city => { huor, o.city, n: count() });
}

fn main() {}
