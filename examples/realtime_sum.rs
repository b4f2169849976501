//! The running sum of the integers on a NATS subject: the program of the tutorial.
//!
//! ```sh
//! cargo run --release --example realtime_sum                                     # a demonstration that ends by itself
//! NATS_URL=nats://localhost:4222 cargo run --release --example realtime_sum      # runs until you stop it
//! ```
//!
//! With `NATS_URL` it reads `{"value": 3}` from `connector_example` and writes every new sum to `sum`
//! (`generate_stream` publishes some input). Without, it starts a private nats-server, publishes ten messages itself,
//! prints each update, and ends when the sum is 45.

#[path = "shared/generate.rs"]
mod generate;

use futures_util::StreamExt;
use generate::{Outcome, generate};
use pathway::prelude::*;

#[derive(Schema)]
struct Input {
    value: i64,
}

/// The pipeline; the rest of this file is the demonstration around it.
fn realtime_sum(uri: &str) -> Pipeline {
    let pipeline = Pipeline::new();
    let input = nats::read(&pipeline, uri, "connector_example").json::<Input>();
    let total = reduce!(row in input => { sum: sum(row.value) });
    nats::write(&total, uri, "sum").json();
    pipeline
}

fn main() -> Outcome {
    match std::env::var("NATS_URL") {
        Ok(uri) => Ok(realtime_sum(&uri).run()?),
        Err(_) => demonstrate(),
    }
}

/// Runs the pipeline on a private server, with ten messages.
fn demonstrate() -> Outcome {
    let server = pathway_testkit::Server::start()?;
    println!("started a private nats-server at {}", server.url());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let running = realtime_sum(&server.url()).start()?;
    runtime.block_on(async {
        let client = async_nats::connect(server.url()).await?;
        let mut sums = client.subscribe("sum").await?;
        client.flush().await?;
        let watch = async {
            while let Some(message) = sums.next().await {
                let update = std::str::from_utf8(&message.payload)?;
                println!("sum  {update}");
                if update.starts_with(r#"{"sum":45,"diff":1,"#) {
                    return Ok(());
                }
            }
            Err("the subscription to `sum` ended".into())
        };
        let (generated, watched): (Outcome, Outcome) = tokio::time::timeout(Duration::from_secs(60), async {
            tokio::join!(generate(&client, Duration::from_millis(200)), watch)
        })
        .await?;
        generated.and(watched)
    })?;
    running.stop();
    running.join()?;
    Ok(())
}
