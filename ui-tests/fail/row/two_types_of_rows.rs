use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    items: Vec<String>,
}

fn pipeline(orders: Table<Order>) {
    let ids = orders.select(|o| if o.id > 3 { row! { o.id } } else { row! { id: 3_i64 } });
}

fn main() {}
