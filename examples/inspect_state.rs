//! What the state directory of a pipeline holds: checkpoint, positions, keys and bytes by operator, log.
//!
//! Run: `cargo run --example inspect_state -- DIRECTORY`. Without a directory, it makes one: it runs a small pipeline twice, and
//! ends by itself.

use pathway::persistence::{directory, inspect};
use pathway::prelude::*;
use pathway::testing::Broker;

#[derive(Schema)]
struct Order {
    city: String,
    price: f64,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if let Some(path) = std::env::args_os().nth(1) {
        print!("{}", inspect(path)?);
        return Ok(());
    }
    let path = std::env::temp_dir().join(format!("pathway-inspect-state-{}", std::process::id()));
    for (run, total) in [("first", "2.5"), ("second", "4.5")] {
        let broker = Broker::new();
        let pipeline = Pipeline::named("totals").persist(directory(&path));
        let orders = nats::read(&pipeline, &broker, "orders").json::<Order>();
        let totals = reduce!(o in orders by o.city => { o.city, total: sum(o.price), n: count() });
        nats::write(&totals, &broker, "totals").json();
        let running = pipeline.start()?;
        let price = if run == "first" { "2.5" } else { "2.0" };
        broker.publish("orders", format!(r#"{{"city": "Oslo", "price": {price}}}"#));
        broker.commit();
        let last = broker.published("totals").last().map(|message| message.text().into_owned()).unwrap_or_default();
        broker.close();
        running.join()?;
        println!("after the {run} run:");
        print!("{}", inspect(&path)?);
        println!();
        // The second run has continued.
        assert!(last.contains(&format!(r#""total":{total}"#)), "{last}");
    }
    std::fs::remove_dir_all(&path)?;
    Ok(())
}
