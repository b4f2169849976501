//! A service for a fleet of devices: rollups, alarms, silent devices, and a ranking, from a stream to a stream and a bucket.
//!
//! ```sh
//! cargo run --release --example fleet_telemetry
//! ```
//!
//! Half of an hour of readings is in the stream before the service starts, and is read as a backlog; the other half comes live.
//! The results are those of the stored order, wherever the halves meet. Readings that cannot be decoded are dead letters.
//! With `NATS_URL` it runs on that server until you stop it. Create the streams and buckets first:
//!
//! ```sh
//! nats stream add FLEET --subjects 'fleet.readings' --defaults
//! nats stream add FLEET_OUT --subjects 'fleet.rollups,fleet.alarms,fleet.silent,fleet.rejected' --allow-batch --defaults
//! nats kv add thresholds
//! nats kv add hottest
//! nats kv put thresholds north '{"region": "north", "degrees": 80}'
//! ```

mod fleet;
mod hour;

use std::collections::BTreeMap;
use std::time::Duration;

use async_nats::jetstream::{self, Context, kv, stream};
use pathway::Running;
use serde_json::{Value, json};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const INPUT: [(&str, &str); 1] = [("FLEET", "fleet.readings")];
const OUTPUTS: [&str; 4] = ["fleet.rollups", "fleet.alarms", "fleet.silent", "fleet.rejected"];

fn main() -> Outcome {
    if let Ok(uri) = std::env::var("NATS_URL") {
        return Ok(fleet::fleet(&uri, &INPUT).run()?);
    }
    let server = pathway_testkit::Server::start()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let hour = hour::hour();
    let (backlog, live) = hour.split_at(hour.len() / 2);
    let context = runtime.block_on(async {
        let context = jetstream::new(async_nats::connect(server.url()).await?);
        create(&context).await?;
        publish(&context, backlog).await?;
        Outcome::Ok(context)
    })?;
    let running = fleet::fleet(&server.url(), &INPUT).start()?;
    runtime.block_on(async {
        publish(&context, live).await?;
        tokio::time::timeout(Duration::from_secs(60), read_all(&running, hour.len() as u64)).await?;
        Outcome::Ok(())
    })?;
    running.stop();
    running.join()?;
    runtime.block_on(show(&context))
}

async fn create(context: &Context) -> Outcome {
    let (name, subjects) = ("FLEET".to_owned(), vec!["fleet.readings".to_owned()]);
    context.create_stream(stream::Config { name, subjects, ..stream::Config::default() }).await?;
    // Several sinks write into it, each on a subject of its own: they need atomic batches.
    let config = json!({ "name": "FLEET_OUT", "subjects": OUTPUTS, "allow_atomic": true });
    let created: Value = context.request("STREAM.CREATE.FLEET_OUT", &config).await?;
    if !created["error"].is_null() {
        return Err(created["error"].to_string().into());
    }
    let bucket = |name: &str| kv::Config { bucket: name.to_owned(), ..kv::Config::default() };
    let thresholds = context.create_key_value(bucket("thresholds")).await?;
    context.create_key_value(bucket("hottest")).await?;
    for (region, degrees) in [("north", 80), ("south", 75), ("west", 85)] {
        thresholds.put(region, format!(r#"{{"region": "{region}", "degrees": {degrees}}}"#).into()).await?;
    }
    Ok(())
}

async fn publish(context: &Context, payloads: &[String]) -> Outcome {
    for payload in payloads {
        context.publish("fleet.readings", payload.clone().into()).await?.await?;
    }
    Ok(())
}

/// Waits until all readings were read.
async fn read_all(running: &Running, messages: u64) {
    let is_read = || running.stats().sources.iter().any(|source| source.rows + source.rejected == messages);
    while !is_read() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Prints how many messages there are of each kind, the alarms, and the ranking.
async fn show(context: &Context) -> Outcome {
    let mut output = context.get_stream("FLEET_OUT").await?;
    let mut counts = BTreeMap::<String, u64>::new();
    for sequence in 1..=output.info().await?.state.last_sequence {
        let message = output.get_raw_message(sequence).await?;
        *counts.entry(message.subject.to_string()).or_default() += 1;
        if message.subject.as_str() == "fleet.alarms" || message.subject.as_str() == "fleet.silent" {
            println!("{} {}", message.subject, std::str::from_utf8(&message.payload)?);
        }
    }
    println!("{counts:?}");
    let hottest = context.get_key_value("hottest").await?;
    for region in ["north", "south", "west"] {
        let value = hottest.get(region).await?.ok_or("a region without a value")?;
        println!("hottest/{region} = {}", std::str::from_utf8(&value)?);
    }
    Ok(())
}
