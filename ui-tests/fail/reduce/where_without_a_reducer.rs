use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    price: f64,
}

fn pipeline(orders: Table<Order>) {
    let cities = reduce!(o in orders by o.city => { city: o.city where o.price < 10.0, n: count() });
}

fn main() {}
