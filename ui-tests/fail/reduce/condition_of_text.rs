use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    price: f64,
}

fn pipeline(orders: Table<Order>) {
    let days = reduce!(o in orders by o.id => { all: bool_and(o.city) });
}

fn main() {}
