use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    items: Vec<String>,
}

fn pipeline(orders: Table<Order>, others: Table<Order>) {
    let items = select!(o in orders, other in others => { o.id, other.city });
}

fn main() {}
