use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    city: String,
    town: String,
    at: i64,
    price: f64,
}

fn pipeline(orders: Table<Order>) {
    let groups = reduce!(o in orders by o: o.city => { o, n: count() });
}

fn main() {}
