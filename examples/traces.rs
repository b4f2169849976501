//! Traces: each commit is a trace of OpenTelemetry, from its first message until all sinks have confirmed it.
//!
//! Run: `cargo run --example traces`. It starts a nats-server of its own, and ends by itself.
//!
//! The exporter here prints a line for each span. A service gives an OTLP exporter to `with_batch_exporter` in its place.

use std::time::Duration;

use futures_util::StreamExt;
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use pathway::prelude::*;
use pathway_testkit::Server;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

#[derive(Schema)]
struct Order {
    city: String,
    price: i64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let provider = SdkTracerProvider::builder().with_simple_exporter(Lines).build();
    // The spans of commits are at the level DEBUG, and have a target of their own: they cost nothing unless they are wanted.
    let commits = Targets::new().with_target("pathway::commit", Level::DEBUG);
    let traces = tracing_opentelemetry::layer().with_tracer(provider.tracer("pathway")).with_filter(commits);
    let logs = tracing_subscriber::fmt::layer().with_filter(Targets::new().with_target("pathway", Level::INFO));
    tracing_subscriber::registry().with(traces).with(logs).init();

    let server = Server::start()?;
    let client = async_nats::connect(server.url()).await?;
    let mut totals = client.subscribe("totals").await?;
    client.flush().await?;

    let pipeline = Pipeline::named("orders-service");
    let orders = nats::read(&pipeline, server.url(), "orders").json::<Order>();
    let by_city = reduce!(o in orders by o.city => { city: o.city, total: sum(o.price) });
    nats::write(&by_city, server.url(), "totals").json();
    let running = pipeline.start()?;

    for order in [r#"{"city": "Oslo", "price": 5}"#, r#"{"city": "Rome", "price": 7}"#] {
        client.publish("orders", order.into()).await?;
        client.flush().await?;
        tokio::time::timeout(Duration::from_secs(60), totals.next()).await?.ok_or("the connection is closed")?;
    }
    running.stop();
    running.join()?;
    provider.shutdown()?;
    Ok(())
}

/// Prints a line for each span.
#[derive(Debug)]
struct Lines;

impl SpanExporter for Lines {
    async fn export(&self, spans: Vec<SpanData>) -> OTelSdkResult {
        for span in spans {
            let duration = span.end_time.duration_since(span.start_time).unwrap_or_default();
            let wanted = |key: &str| ["pipeline", "commit", "rows", "sink"].contains(&key);
            let attributes = span.attributes.iter().filter(|attribute| wanted(attribute.key.as_str()));
            let attributes: Vec<_> =
                attributes.map(|attribute| format!("{}={}", attribute.key, attribute.value)).collect();
            let trace = &span.span_context.trace_id().to_string()[..8];
            println!("trace {trace} {:9} {:>5} µs  {}", span.name, duration.as_micros(), attributes.join(" "));
        }
        Ok(())
    }
}
