use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    price: f64,
    paid: Option<bool>,
    note: Option<String>,
}

fn pipeline(orders: Table<Order>) {
    let cities = reduce!(o in orders by o.city => { city: o.city, dearest: top_k(o.price, 2.5), joined: string_join(o.city, 7) });
}

fn main() {}
