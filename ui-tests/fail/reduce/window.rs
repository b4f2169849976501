use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    price: f64,
}

fn pipeline(orders: Table<Order>) {
    let hourly = reduce!(o in orders by o.city window tumbling(o.placed_at, 1.hours()) as w => { n: count() });
}

fn main() {}
