use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    price: f64,
}

fn pipeline(orders: Table<Order>) {
    let cities = reduce!(o in orders by o.city => { ..o, total: sum(o.price) });
}

fn main() {}
