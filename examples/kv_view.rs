//! Reads a bucket as a table, joins it with orders, and writes the result to a bucket in which other services can look it up.
//!
//! ```sh
//! cargo run --release --example kv_view
//! ```
//!
//! The bucket `customers` has the customers by id. The bucket `accounts` has the name of each customer and the total of the
//! orders; it is updated when either of them changes.
//! With `NATS_URL` it runs on that server until you stop it. Create the buckets first: `nats kv add customers`,
//! `nats kv add accounts`.

use std::time::Duration;

use async_nats::jetstream::{self, kv};
use futures_util::StreamExt;
use pathway::prelude::*;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[derive(Schema)]
struct Customer {
    id: i64,
    name: String,
}

#[derive(Schema)]
struct Order {
    customer: i64,
    price: i64,
}

fn accounts(uri: &str) -> Pipeline {
    let pipeline = Pipeline::named("accounts");
    let customers = nats::read(&pipeline, uri, "customers").kv().json::<Customer>();
    let orders = nats::read(&pipeline, uri, "orders").json::<Order>();
    let sums = reduce!(o in orders by o.customer => { customer: o.customer, total: sum(o.price) });
    let accounts = join!(c in customers, s? in sums on c.id == s.customer => {
        id: c.id,
        name: c.name.clone(),
        total: s.map_or(0, |s| s.total),
    });
    nats::write(&accounts, uri, "accounts").kv(|account| account.id.to_string()).json();
    pipeline
}

fn main() -> Outcome {
    if let Ok(uri) = std::env::var("NATS_URL") {
        return Ok(accounts(&uri).run()?);
    }
    let server = pathway_testkit::Server::start()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (client, customers, view) = runtime.block_on(async {
        let client = async_nats::connect(server.url()).await?;
        let context = jetstream::new(client.clone());
        let bucket = |name: &str| kv::Config { bucket: name.to_owned(), ..kv::Config::default() };
        let customers = context.create_key_value(bucket("customers")).await?;
        let view = context.create_key_value(bucket("accounts")).await?;
        customers.put("7", r#"{"id": 7, "name": "Ada"}"#.into()).await?;
        customers.put("8", r#"{"id": 8, "name": "Bob"}"#.into()).await?;
        Outcome::Ok((client, customers, view))
    })?;
    let running = accounts(&server.url()).start()?;
    runtime.block_on(async {
        let mut changes = view.watch_all_from_revision(1).await?;
        client.publish("orders", r#"{"customer": 7, "price": 20}"#.into()).await?;
        client.publish("orders", r#"{"customer": 7, "price": 30}"#.into()).await?;
        let mut show = async |last: &str| -> Outcome {
            loop {
                let next = tokio::time::timeout(Duration::from_secs(60), changes.next()).await?;
                let entry = next.ok_or("the watch has ended")??;
                let value = std::str::from_utf8(&entry.value)?;
                println!("accounts/{} = {value} ({:?})", entry.key, entry.operation);
                if value.contains(last) || (value.is_empty() && last.is_empty()) {
                    return Ok(());
                }
            }
        };
        show(r#""name":"Ada","total":50"#).await?;
        customers.put("7", r#"{"id": 7, "name": "Ada Lovelace"}"#.into()).await?;
        show(r#""name":"Ada Lovelace","total":50"#).await?;
        customers.delete("8").await?;
        show("").await
    })?;
    running.stop();
    running.join()?;
    Ok(())
}
