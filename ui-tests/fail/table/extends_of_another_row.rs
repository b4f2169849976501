use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    items: Vec<String>,
}

fn late<R: pathway::schema::Extends<Order>>(orders: &Table<R>) -> Table<R> {
    filter!(o in orders => o.base().id > 3)
}

fn pipeline(orders: Table<Order>) {
    let taxed = select!(o in orders => { o.id, o.city });
    let late = late(&taxed);
}

fn main() {}
