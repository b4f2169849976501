use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    price: f64,
}

fn pipeline(orders: Table<Order>, edits: Table<Order>) {
    let orders = orders.update_rows(&edits);
}

fn main() {}
