//! Joins orders with the name of their customer, and with the exchange rate at which they were placed.
//!
//! ```sh
//! cargo run --release --example enrich_orders
//! ```
//!
//! The two joins differ. When a customer's name changes, the orders that were written before change, too. When a rate
//! changes, they do not: each order is converted once, at the rate as of its arrival.
//! With `NATS_URL` it runs on that server until you stop it: it reads `orders`, `customers` and `rates`, and writes
//! `orders.enriched`.

#[path = "shared/show.rs"]
mod show;

use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    customer: i64,
    currency: String,
    amount: f64,
}

#[derive(Schema)]
struct Customer {
    #[schema(primary_key)]
    id: i64,
    name: String,
}

#[derive(Schema)]
struct Rate {
    #[schema(primary_key)]
    currency: String,
    euros: f64,
}

fn enriched(uri: &str) -> Pipeline {
    let pipeline = Pipeline::new();
    let orders = nats::read(&pipeline, uri, "orders").json::<Order>();
    let customers = nats::read(&pipeline, uri, "customers").json::<Customer>();
    let rates = nats::read(&pipeline, uri, "rates").json::<Rate>();
    let enriched = join!(
        o in orders,
        r? in rates asof_now on currency,
        c? in customers on o.customer == c.id,
        => {
            order: o.id,
            customer: c.map(|c| c.name.clone()),
            euros: r.map(|r| o.amount * r.euros),
        }
    );
    nats::write(&enriched, uri, "orders.enriched").json();
    pipeline
}

fn main() -> show::Outcome {
    let messages = [
        ("rates", r#"{"currency": "NOK", "euros": 0.1}"#),
        ("orders", r#"{"id": 1, "customer": 7, "currency": "NOK", "amount": 250}"#),
        ("customers", r#"{"id": 7, "name": "Ann"}"#),
        ("rates", r#"{"currency": "NOK", "euros": 0.2}"#),
        ("orders", r#"{"id": 2, "customer": 7, "currency": "NOK", "amount": 250}"#),
        // Both orders get the new name; each keeps its rate.
        ("customers", r#"{"id": 7, "name": "Ann Olsen"}"#),
    ];
    show::run_or_show(
        enriched,
        &messages,
        "orders.enriched",
        r#"{"order":2,"customer":"Ann Olsen","euros":50.0,"diff":1"#,
    )
}
