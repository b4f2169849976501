//! Dead letters: messages that cannot be decoded and rows that cannot be published neither stop the pipeline nor get lost.
//!
//! Run: `cargo run --example dead_letters`. It starts a nats-server of its own, and ends by itself.

use futures_util::StreamExt;
use pathway::prelude::*;
use pathway_testkit::Server;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::start()?;
    let url = server.url();
    let client = async_nats::connect(&url).await?;
    let mut seen = client.subscribe("seen.>").await?;
    client.flush().await?;

    let pipeline = Pipeline::named("orders");
    let orders = nats::read(&pipeline, &url, "orders").dead_letter("seen.unread").json::<Order>();
    // A city with a space makes an invalid subject.
    nats::write(&orders, &url, "").subject(|o| format!("seen.{}", o.city)).dead_letter("seen.unsent").json();
    let running = pipeline.start()?;

    for order in
        [r#"{"id": 1, "city": "Oslo"}"#, r#"{"id": "two", "city": "Rome"}"#, r#"{"id": 3, "city": "New York"}"#]
    {
        client.publish("orders", order.into()).await?;
    }
    client.flush().await?;
    for _ in 0..3 {
        let message = seen.next().await.ok_or("the connection is closed")?;
        let reason = message.headers.as_ref().and_then(|headers| headers.get("pathway_reason"));
        println!("{}: {}", message.subject, String::from_utf8_lossy(&message.payload));
        if let Some(reason) = reason {
            println!("    reason: {reason}");
        }
    }
    running.stop();
    running.join()?;
    Ok(())
}
