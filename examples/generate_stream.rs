//! Publishes the integers 0 to 9 as JSON on `connector_example`, as the tutorial's generator does.
//!
//! ```sh
//! NATS_URL=nats://localhost:4222 cargo run --release --example generate_stream
//! ```
//!
//! Without `NATS_URL` it uses `nats://localhost:4222`. Each message is `{"value": 3}`; one a second.

use std::time::Duration;

/// What can go wrong here needs no type of its own.
pub type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Publishes on the server that `NATS_URL` names.
pub fn main() -> Outcome {
    let uri = std::env::var("NATS_URL").unwrap_or_else(|_| "nats://localhost:4222".to_owned());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = async_nats::connect(&uri).await?;
        generate(&client, "connector_example", Duration::from_secs(1)).await
    })
}

/// Publishes ten messages, with a pause after each.
pub async fn generate(client: &async_nats::Client, subject: &'static str, pause: Duration) -> Outcome {
    for value in 0..10 {
        client.publish(subject, format!(r#"{{"value": {value}}}"#).into()).await?;
        client.flush().await?;
        tokio::time::sleep(pause).await;
    }
    Ok(())
}
