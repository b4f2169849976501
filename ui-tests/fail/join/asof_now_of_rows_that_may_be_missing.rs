use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    customer: i64,
    product: i64,
}

#[derive(Schema)]
struct Customer {
    id: i64,
    name: String,
    favourite: i64,
}

#[derive(Schema)]
struct Product {
    id: i64,
    price: i64,
}

fn pipeline(orders: Table<Order>, customers: Table<Customer>, products: Table<Product>) {
    let joined = join!(
        o? in orders,
        c? in customers on o.customer == c.id,
        p in products asof_now on o.map(|o| o.product) == Some(p.id) => { p.price, found: c.is_some() }
    );
}

fn main() {}
