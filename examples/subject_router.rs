//! Reads a wildcard and writes each row to its own subject: the tokens of a subject are columns like any others.
//!
//! Run: `cargo run --example subject_router`. It starts a nats-server of its own, and ends by itself.

use futures_util::StreamExt;
use pathway::prelude::*;
use pathway_testkit::Server;

/// `sensors.<site>.<device>`, and the reading as the payload.
#[derive(Schema)]
struct Reading {
    #[schema(subject_token = 2)]
    site: String,
    #[schema(subject_token = 3)]
    device: u32,
    celsius: f64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::start()?;
    let url = server.url();
    let client = async_nats::connect(&url).await?;
    let mut alarms = client.subscribe("alarms.>").await?;
    client.flush().await?;

    let pipeline = Pipeline::new();
    let readings = nats::read(&pipeline, &url, "sensors.*.*").json::<Reading>();
    let hot = filter!(r in readings => r.celsius > 80.0);
    nats::write(&hot, &url, "")
        .subject(|r| format!("alarms.{}.{}", r.site, r.device))
        .header("celsius", |r| r.celsius)
        .json();
    let running = pipeline.start()?;

    for (subject, celsius) in [("sensors.roof.1", 21.5), ("sensors.roof.2", 85.0), ("sensors.cellar.7", 99.0)] {
        client.publish(subject, format!(r#"{{"celsius": {celsius}}}"#).into()).await?;
    }
    client.flush().await?;
    for _ in 0..2 {
        let alarm = alarms.next().await.ok_or("the connection is closed")?;
        println!("{}: {}", alarm.subject, String::from_utf8_lossy(&alarm.payload));
    }
    running.stop();
    running.join()?;
    Ok(())
}
