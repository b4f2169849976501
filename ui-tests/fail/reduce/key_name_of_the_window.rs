use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    city: String,
    town: String,
    at: i64,
    price: f64,
}

fn pipeline(orders: Table<Order>) {
    let groups = reduce!(o in orders by w: o.city window tumbling(o.at, 3600) as w => { w.start, n: count() });
}

fn main() {}
