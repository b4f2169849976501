use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    items: Vec<String>,
}

fn pipeline(orders: Table<Order>) {
    let items = orders.filter_map(|o| Some(row! { .., is_late: true }));
}

fn main() {}
