//! One pipeline reads the output of another: `.changes` reads insertions and removals.
//!
//! Run: `cargo run --example chained_pipelines`. It starts a nats-server of its own, and ends by itself.

use futures_util::StreamExt;
use pathway::prelude::*;
use pathway_testkit::Server;

#[derive(Schema)]
struct Order {
    city: String,
    price: f64,
}

#[derive(Schema)]
struct CityTotal {
    city: String,
    total: f64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::start()?;
    let url = server.url();
    let client = async_nats::connect(&url).await?;
    let mut seen = client.subscribe("rich").await?;
    client.flush().await?;

    // Start the reader first: it must receive the insertion of a row before its removal.
    let second = Pipeline::new();
    let totals = nats::read(&second, &url, "totals").changes::<CityTotal>();
    let rich = filter!(t in totals => t.total >= 100.0);
    let rich = reduce!(t in rich => { cities: count(), total: sum(t.total) });
    nats::write(&rich, &url, "rich").json();
    let second = second.start()?;

    let first = Pipeline::new();
    let orders = nats::read(&first, &url, "orders").json::<Order>();
    let totals = reduce!(o in orders by o.city => CityTotal { city: o.city, total: sum(o.price) });
    nats::write(&totals, &url, "totals").json();
    let first = first.start()?;

    for (city, price) in [("Oslo", 60.0), ("Rome", 120.0), ("Oslo", 60.0)] {
        client.publish("orders", format!(r#"{{"city": "{city}", "price": {price}}}"#).into()).await?;
    }
    client.flush().await?;
    loop {
        let message = seen.next().await.ok_or("the connection is closed")?;
        let text = String::from_utf8_lossy(&message.payload);
        println!("{text}");
        if text.starts_with(r#"{"cities":2,"total":240.0,"diff":1"#) {
            break;
        }
    }
    for running in [first, second] {
        running.stop();
        running.join()?;
    }
    Ok(())
}
