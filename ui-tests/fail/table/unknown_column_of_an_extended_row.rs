use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    items: Vec<String>,
}

fn late<R: pathway::schema::Extends<Order>>(orders: &Table<R>) -> Table<R> {
    filter!(o in orders => o.base().idd > 3)
}

fn main() {}
