//! Live totals by city, for orders that can be corrected.
//!
//! ```sh
//! cargo run --release --example orders_by_city
//! ```
//!
//! `id` is the primary key: a later message with the same `id` replaces the order, and the totals of its city are updated.
//! With `NATS_URL` it runs on that server until you stop it: it reads `orders` and writes `city.totals`.

#[path = "shared/show.rs"]
mod show;

use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    #[schema(primary_key)]
    id: i64,
    city: String,
    price: f64,
    #[schema(default = 1)]
    quantity: i64,
}

fn totals(uri: &str) -> Pipeline {
    let pipeline = Pipeline::new();
    let orders = nats::read(&pipeline, uri, "orders").json::<Order>();
    let cities = reduce!(o in orders by o.city => {
        city: o.city,
        total: sum(o.price * o.quantity as f64),
        mean: sum(o.price) / count() as f64,
        dearest: arg_max(o.price, o.id),
        n: count(),
    });
    nats::write(&cities, uri, "city.totals").json();
    pipeline
}

fn main() -> show::Outcome {
    let messages = [
        ("orders", r#"{"id": 1, "city": "Oslo", "price": 20.0}"#),
        ("orders", r#"{"id": 2, "city": "Rome", "price": 5.0, "quantity": 4}"#),
        ("orders", r#"{"id": 3, "city": "Oslo", "price": 30.0, "quantity": 2}"#),
        // Order 3 is corrected to Rome: Oslo has one order less, and Rome one more.
        ("orders", r#"{"id": 3, "city": "Rome", "price": 30.0, "quantity": 2}"#),
    ];
    show::run_or_show(totals, &messages, "city.totals", r#"{"city":"Rome","total":80.0,"#)
}
