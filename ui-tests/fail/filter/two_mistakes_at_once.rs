use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    price: f64,
}

fn pipeline(orders: Table<Order>) {
    let big = filter!(o in orders => o.prise > 100.0 && o.citty == "Oslo");
}

fn main() {}
