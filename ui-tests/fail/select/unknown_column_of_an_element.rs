use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    items: Vec<String>,
}

fn pipeline(orders: Table<Order>) {
    let items = select!(o in orders, item in &o.items => { o.id, item.sku });
}

fn main() {}
