use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    city: String,
    at: DateTimeUtc,
}

fn pipeline(orders: Table<Order>) {
    let recent = orders.forget(|o| o.at, 3600);
}

fn main() {}
