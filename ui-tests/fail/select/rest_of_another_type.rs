use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    price: f64,
}

#[derive(Schema)]
struct Sale {
    id: i64,
    city: String,
    cost: f64,
}

fn pipeline(orders: Table<Order>) {
    let sales = select!(o in orders => Sale { cost: o.price * 2.0, ..o });
}

fn main() {}
