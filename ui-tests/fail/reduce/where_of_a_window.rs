use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    price: f64,
}

fn pipeline(orders: Table<Order>) {
    let days = reduce!(o in orders window tumbling(o.id, 10) as w => { early: count() where o.id < w.start + 5 });
}

fn main() {}
