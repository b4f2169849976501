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
    let cities = reduce!(o in orders by o.city => { ids: string_join(o.id, ", ") });
}

fn main() {}
