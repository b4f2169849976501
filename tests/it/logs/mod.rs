//! What a pipeline says of itself: on stderr, if it is all that the program does, and to a subscriber of `tracing`.

mod fields;
mod stderr;
mod traces;

use pathway_testkit::Server;
use serde_json::Value;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::prelude::*;

use crate::delivery::child::Child;
use crate::delivery::support::{Client, Observer};
use crate::support::{Input, value, wait_for};
use pathway::persistence;
use pathway::prelude::*;

/// Which targets and levels a child process logs, as `pathway=info`, or `traces`. It writes JSON to stderr then.
pub(crate) const LOGS: &str = "PATHWAY_TEST_LOGS";

/// Installs a subscriber that writes JSON to stderr: lines, with the spans that are closed, or the `traces` of OpenTelemetry.
pub(crate) fn install_subscriber(targets: &str) {
    if targets == "traces" {
        return traces::install_tracer();
    }
    let targets: Targets = targets.parse().expect("targets");
    let json = tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr).with_span_events(FmtSpan::CLOSE);
    tracing_subscriber::registry().with(json.with_filter(targets)).init();
}

/// Sums the stream `IN`, and saves its state after each commit.
pub(crate) fn sum_a_stream(uri: &str) -> Pipeline {
    let path = std::env::var("PATHWAY_PERSISTENT_STORAGE").expect("a directory");
    let state = persistence::directory(path).checkpoint_every(Duration::from_millis(1));
    let pipeline = Pipeline::named("stream").persist(state);
    let input = nats::read(&pipeline, uri, "in.>").jetstream("IN").json::<Input>();
    let total = reduce!(row in input => { sum: sum(row.value) });
    nats::write(&total, uri, "sum").json();
    pipeline
}

/// Prints that it runs, and how many commits there were in the end.
pub(crate) fn run_until_a_signal(uri: &str) -> pathway::Result<()> {
    let pipeline = Pipeline::named("signalled");
    let input = nats::read(&pipeline, uri, "connector_example").json::<Input>();
    let _seen = input.collect();
    let running = pipeline.start()?;
    eprintln!("it runs");
    let stats = running.run_until_signal()?;
    eprintln!("{} commits in the end", stats.commits);
    Ok(())
}

/// A process that sums numbers, and has summed one.
struct Summing {
    client: Client,
    child: Child,
}

impl Summing {
    fn start(server: &Server, environment: &[(&str, &str)]) -> Self {
        let client = Client::new(&server.url());
        let mut observer = Observer::new(&server.url(), "sum");
        let child = Child::start("sum", &server.url(), environment);
        // A zero does not change the sum, and shows that it reads.
        wait_for("it sums", || {
            client.publish("connector_example", [value(0)]);
            observer.sees_soon()
        });
        Summing { client, child }
    }

    /// Stops it, and returns what it has said.
    fn stop(self) -> String {
        self.child.signal("TERM");
        let (status, said) = self.child.end();
        assert!(status.success(), "{said}");
        said
    }
}

/// The lines that are JSON.
fn json_lines(said: &str) -> Vec<Value> {
    said.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}
