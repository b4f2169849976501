use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    items: Vec<String>,
}

fn pipeline(orders: Table<Order>) {
    let ids = orders.filter_map(|o| Some(row! { o.id, city: Some(o.city) }));
}

fn main() {}
