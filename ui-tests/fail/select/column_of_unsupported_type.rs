use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    price: f64,
}

fn pipeline(orders: Table<Order>) {
    let lean = select!(o in orders => { id: o.id, letters: o.city.chars() });
}

fn main() {}
