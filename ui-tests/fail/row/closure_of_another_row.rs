use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    items: Vec<String>,
}

fn first<R: Schema>(orders: &Table<Order>, row: impl Fn(&Order) -> R + Send + Sync + 'static) -> Table<R> {
    orders.select(row)
}

fn pipeline(orders: Table<Order>) {
    let ids = first(&orders, |o| row! { o.id });
    let cities = select!(i in ids => { i.city });
}

fn main() {}
