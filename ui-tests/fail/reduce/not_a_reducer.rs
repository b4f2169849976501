use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    price: f64,
}

struct Median;

// FIXME: one error is enough, the one under `Median`, and `_` should be `f64`.
fn pipeline(orders: Table<Order>) {
    let cities = reduce!(o in orders => { n: Median(o.price) });
}

fn main() {}
