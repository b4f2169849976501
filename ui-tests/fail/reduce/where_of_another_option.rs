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
    cheap: Option<i64>,
}

fn pipeline(orders: Table<Order>) {
    let cities = reduce!(o in orders by o.city => CityTotals {
        city: o.city,
        cheap: sum(o.price) where o.price < 10.0,
    });
}

fn main() {}
