use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    price: f64,
}

struct Bare {
    city: String,
}

fn pipeline(orders: Table<Order>) {
    let bare = select!(o in orders => Bare { city: o.city });
}

fn main() {}
