use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    price: f64,
}

#[derive(Schema)]
struct CityTotals {
    city: String,
    total: f64,
    n: i64,
}

fn pipeline(orders: Table<Order>) {
    let totals = select!(o in orders => CityTotals { city: o.city, total: o.price });
}

fn main() {}
