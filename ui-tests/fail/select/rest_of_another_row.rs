use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    price: f64,
}

fn pipeline(orders: Table<Order>, first: Order) {
    let more = select!(o in orders => Order { price: o.price * 2.0, ..first });
}

fn main() {}
