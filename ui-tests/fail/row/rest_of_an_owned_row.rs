use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    items: Vec<String>,
}

fn pipeline(orders: Table<Order>) {
    let items = orders.filter_map(|o| {
        let late = Order { id: o.id + 1, city: o.city.clone(), items: Vec::new() };
        Some(row! { ..late, is_late: true })
    });
}

fn main() {}
