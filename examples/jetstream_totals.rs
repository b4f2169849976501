//! From a work queue to a stream: a message is acknowledged only after its output is stored.
//!
//! ```sh
//! cargo run --release --example jetstream_totals
//! ```
//!
//! Orders are in the stream `ORDERS`, a work queue. An order is removed from it when its total is stored in the stream
//! `TOTALS`.
//! With `NATS_URL` it runs on that server until you stop it. Create the streams first:
//!
//! ```sh
//! nats stream add ORDERS --subjects 'orders.>' --retention work --defaults
//! nats stream add TOTALS --subjects 'totals.>' --defaults
//! ```

use std::time::Duration;

use async_nats::jetstream::stream::{Config, RetentionPolicy};
use async_nats::jetstream::{self, Context};
use pathway::prelude::*;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[derive(Schema)]
struct Order {
    city: String,
    price: i64,
}

fn totals(uri: &str) -> Pipeline {
    // The consumer of the work queue is named after the pipeline and the source.
    let pipeline = Pipeline::named("totals");
    let orders = nats::read(&pipeline, uri, "orders.>").jetstream("ORDERS").name("orders").json::<Order>();
    let cities = reduce!(o in orders by o.city => { city: o.city, total: sum(o.price), n: count() });
    nats::write(&cities, uri, "totals.by_city").jetstream("TOTALS").json();
    pipeline
}

fn main() -> Outcome {
    if let Ok(uri) = std::env::var("NATS_URL") {
        return Ok(totals(&uri).run()?);
    }
    let server = pathway_testkit::Server::start()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let context = jetstream::new(async_nats::connect(server.url()).await?);
        let subjects = |subject: &str| vec![subject.to_owned()];
        let queue = Config { name: "ORDERS".to_owned(), subjects: subjects("orders.>"), ..Config::default() };
        context.create_stream(Config { retention: RetentionPolicy::WorkQueue, ..queue }).await?;
        let totals = Config { name: "TOTALS".to_owned(), subjects: subjects("totals.>"), ..Config::default() };
        context.create_stream(totals).await?;
        // The orders are published before the pipeline starts.
        for (city, price) in [("Oslo", 20), ("Rome", 5), ("Oslo", 30)] {
            let order = format!(r#"{{"city": "{city}", "price": {price}}}"#);
            println!("orders.{} <- {order}", city.to_lowercase());
            context.publish(format!("orders.{}", city.to_lowercase()), order.into()).await?.await?;
        }
        Outcome::Ok(())
    })?;
    let running = totals(&server.url()).start()?;
    runtime.block_on(async {
        let context = jetstream::new(async_nats::connect(server.url()).await?);
        tokio::time::timeout(Duration::from_secs(60), emptied(&context)).await??;
        println!("the work queue is empty, and TOTALS contains:");
        let mut stream = context.get_stream("TOTALS").await?;
        for sequence in 1..=stream.info().await?.state.last_sequence {
            let message = stream.get_raw_message(sequence).await?;
            println!("{sequence:>4} {}", std::str::from_utf8(&message.payload)?);
        }
        Outcome::Ok(())
    })?;
    running.stop();
    running.join()?;
    Ok(())
}

/// Waits until every order is acknowledged.
async fn emptied(context: &Context) -> Outcome {
    let mut stream = context.get_stream("ORDERS").await?;
    while stream.info().await?.state.messages > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
