use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    price: f64,
}

struct Median;

// FIXME: once is enough, under `Median`, and `_` should be `f64`.
fn pipeline(orders: Table<Order>) {
    let cities = reduce!(o in orders => { n: Median(o.price) });
}

fn main() {}
