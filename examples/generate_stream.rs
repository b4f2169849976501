//! Publishes the integers 0 to 9 as JSON on `connector_example`, one a second, as the tutorial's generator does.
//!
//! ```sh
//! NATS_URL=nats://localhost:4222 cargo run --release --example generate_stream
//! ```
//!
//! Without `NATS_URL`, it connects to `nats://localhost:4222`.

#[path = "shared/generate.rs"]
mod generate;

use std::time::Duration;

use generate::{Outcome, generate};

fn main() -> Outcome {
    let uri = std::env::var("NATS_URL").unwrap_or_else(|_| "nats://localhost:4222".to_owned());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = async_nats::connect(&uri).await?;
        generate(&client, Duration::from_secs(1)).await
    })
}
