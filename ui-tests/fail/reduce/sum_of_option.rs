use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    discount: Option<i64>,
}

fn pipeline(orders: Table<Order>) {
    let notes = reduce!(o in orders => { total: sum(o.discount) });
}

fn main() {}
