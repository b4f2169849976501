use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    price: f64,
}

fn pipeline(orders: Table<Order>) {
    let big = filter!(o in vec![1, 2, 3] => o > 1);
}

fn main() {}
