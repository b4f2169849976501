use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    customer: i64,
}

#[derive(Schema)]
struct Customer {
    id: i64,
    name: String,
}

#[derive(Schema)]
struct Named {
    id: i64,
    customer: i64,
    name: String,
}

fn pipeline(orders: Table<Order>, customers: Table<Customer>) {
    let named = join!(o in orders, c in customers on o.customer == c.id => Named { id: o.id, ..o, ..c });
}

fn main() {}
