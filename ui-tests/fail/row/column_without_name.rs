use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    items: Vec<String>,
}

fn pipeline(orders: Table<Order>) {
    let ids = orders.filter_map(|o| Some(row! { o.id, o.city.len() as i64 }));
}

fn main() {}
