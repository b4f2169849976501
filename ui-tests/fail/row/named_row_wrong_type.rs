use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    items: Vec<String>,
}

#[derive(Schema)]
struct Lean {
    id: i64,
    city: String,
}

fn pipeline(orders: Table<Order>) {
    let lean = orders.filter_map(|o| Some(row!(Lean { o.id, city: o.id })));
}

fn main() {}
