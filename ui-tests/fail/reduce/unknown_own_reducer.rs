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
    let cities = reduce!(o in orders by o.city => CityTotals { city: o.city, total: trimmed_mean(o.price), n: count() });
}

fn main() {}
