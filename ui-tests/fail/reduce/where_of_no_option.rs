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
    cheap: f64,
    n: i64,
}

// FIXME: the compiler suggests to unwrap the `Option`, which is not possible within the column. Better: make the column of the
// struct an `Option<f64>`.
fn pipeline(orders: Table<Order>) {
    let cities = reduce!(o in orders by o.city => CityTotals {
        city: o.city,
        cheap: sum(o.price) where o.price < 10.0,
        n: count() where o.price < 10.0,
    });
}

fn main() {}
