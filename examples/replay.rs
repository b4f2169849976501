//! Recording and replay: what would another version of the program have written yesterday?
//!
//! Run: `cargo run --release --example replay`. It needs no server: it records a small pipeline on a broker in memory, replays it
//! with the same program and with a changed one, prints where they differ, and ends by itself. `-- 1000000` records as many
//! messages.

use std::time::Instant;

use pathway::persistence::{inspect, record, replay};
use pathway::prelude::*;
use pathway::testing::{Broker, Published};

#[derive(Clone, Schema)]
struct Order {
    city: String,
    price: f64,
}

/// The totals by city, of orders that cost as much at least.
fn totals(pipeline: &Pipeline, broker: &Broker, least: f64) {
    let orders = nats::read(pipeline, broker, "orders").json::<Order>();
    let orders = filter!(o in orders => o.price >= least);
    let totals = reduce!(o in orders by o.city => { o.city, total: sum(o.price), n: count() });
    nats::write(&totals, broker, "totals").json();
}

/// Runs a program over the recording, and returns what it writes.
fn replayed(path: &std::path::Path, least: f64) -> pathway::Result<Vec<Published>> {
    // A server's URI is as good as this broker: a replay connects to nothing.
    let (unused, output) = (Broker::new(), Broker::new());
    let pipeline = Pipeline::named("totals").replay(replay(path).sinks(&output));
    totals(&pipeline, &unused, least);
    pipeline.run()?;
    Ok(output.published("totals"))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let messages: usize = std::env::args().nth(1).map_or(Ok(10_000), |messages| messages.parse())?;
    let path = std::env::temp_dir().join(format!("pathway-replay-{}", std::process::id()));
    let rate = |begin: Instant| messages as f64 / begin.elapsed().as_secs_f64();

    // Yesterday.
    let broker = Broker::new();
    let pipeline = Pipeline::named("totals").record(record(&path));
    totals(&pipeline, &broker, 0.0);
    let running = pipeline.start()?;
    let begin = Instant::now();
    for number in 0..messages {
        let (city, price) = (["Oslo", "Rome", "Lima"][number % 3], (number % 100) as f64 / 10.0);
        broker.publish("orders", format!(r#"{{"city": "{city}", "price": {price}}}"#));
        if number % 1_000 == 999 {
            broker.commit();
        }
    }
    broker.commit();
    broker.close();
    running.join()?;
    println!("recorded {:.0} messages/s", rate(begin));
    print!("{}", inspect(&path)?);

    // The same program writes the same, message by message, with the same `time`.
    let begin = Instant::now();
    let same = replayed(&path, 0.0)?;
    println!("replayed {:.0} messages/s", rate(begin));
    assert_eq!(same, broker.published("totals"));

    // A change is tested on yesterday's input.
    let changed = replayed(&path, 1.0)?;
    let differences = same.iter().zip(&changed).filter(|(before, now)| before != now);
    println!("{} of {} messages are others:", differences.clone().count(), same.len());
    for (before, now) in differences.take(3) {
        println!("- {}\n+ {}", before.text(), now.text());
    }
    std::fs::remove_dir_all(&path)?;
    Ok(())
}
