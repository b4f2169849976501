use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    price: f64,
}

struct Median;

fn pipeline(orders: Table<Order>) {
    let cities = reduce!(o in orders => { n: Median(o.price) });
}

fn main() {}
