//! A JetStream client of the tests, and sinks that confirm when the test says so.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use async_nats::ConnectOptions;
use async_nats::jetstream::{self, Context};
use pathway::Running;
use pathway::io::{CommitBatch, Failure, Sink};
use pathway::stats::{SinkStats, SourceStats, Stats};
use pathway_testkit::Server;
use tokio::runtime::Runtime;

use crate::support::{DEADLINE, Input, connect, value};

/// A client of streams.
pub(super) struct Js {
    runtime: Runtime,
    context: Context,
}

impl Js {
    /// Connects, and creates a stream of the subjects `name.>`, where the name is in lower case.
    pub(super) fn with_stream(server: &Server, name: &str) -> Self {
        let (runtime, client) = connect(&server.url(), ConnectOptions::new());
        let context = runtime.block_on(async { jetstream::new(client) });
        let subjects = vec![format!("{}.>", name.to_lowercase())];
        let config = jetstream::stream::Config { name: name.to_owned(), subjects, ..Default::default() };
        runtime.block_on(context.create_stream(config)).expect("a stream");
        Js { runtime, context }
    }

    /// Publishes the JSON of [`Input`]s. When it returns, the stream has stored them.
    pub(super) fn publish(&self, subject: &str, values: impl IntoIterator<Item = i64>) {
        for number in values {
            let publish = async { self.context.publish(subject.to_owned(), value(number).into()).await?.await };
            self.runtime.block_on(publish).expect("a stored message");
        }
    }

    /// Creates a bucket, and stores a value for each of these keys.
    pub(super) fn with_bucket<const N: usize>(&self, name: &str, keys: [&str; N]) {
        let config = jetstream::kv::Config { bucket: name.to_owned(), ..Default::default() };
        self.runtime.block_on(async {
            let bucket = self.context.create_key_value(config).await.expect("a bucket");
            for (key, number) in keys.into_iter().zip(0..) {
                bucket.put(key, value(number).into()).await.expect("a revision");
            }
        });
    }
}

/// A sink that writes a commit when the test says so.
pub(super) struct SlowSink(Mutex<Receiver<()>>);

impl SlowSink {
    pub(super) fn new() -> (Self, Sender<()>) {
        let (send, receive) = channel();
        (SlowSink(Mutex::new(receive)), send)
    }
}

impl Sink for SlowSink {
    type Item = Input;

    fn write(&mut self, _: CommitBatch<Input>) -> Result<(), Failure> {
        // Without the test, all at once.
        let _ = self.0.lock().map_err(|_| "poisoned")?.recv_timeout(DEADLINE);
        Ok(())
    }
}

/// The only source.
pub(super) fn source(running: &Running) -> SourceStats {
    running.stats().sources.swap_remove(0)
}

/// The only sink.
pub(super) fn sink(stats: Stats) -> SinkStats {
    stats.sinks.into_iter().next().expect("a sink")
}
