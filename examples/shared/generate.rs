//! The tutorial's generator, which publishes the integers 0 to 9 as JSON. Two examples share it.

use std::time::Duration;

/// An example needs no error type of its own.
pub(crate) type Outcome = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Publishes `{"value": 0}` to `{"value": 9}` on `connector_example`, with a pause after each.
pub(crate) async fn generate(client: &async_nats::Client, pause: Duration) -> Outcome {
    for value in 0..10 {
        client.publish("connector_example", format!(r#"{{"value": {value}}}"#).into()).await?;
        client.flush().await?;
        tokio::time::sleep(pause).await;
    }
    Ok(())
}
