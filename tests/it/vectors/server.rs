//! A sample of the recordings on a real nats-server, where a commit ends as soon as the pipeline is idle.

use std::time::Duration;

use futures_util::StreamExt;
use pathway::nats::Endpoint;
use pathway::prelude::Pipeline;
use pathway::testing::Published;
use pathway_testkit::Server;

use super::cases;
use super::compare::Marks;
use super::recording::{Recording, Step};
use super::replay::{Case, Ends, Played, subject};
use crate::support::{DEADLINE, stop, wait_for};

/// Recordings whose output does not depend on commit boundaries: stateless operators, or one message a commit.
const SAMPLE: &[&str] = &[
    "err_int_overflow_sum",
    "json_dt_utc",
    "json_float",
    "json_large",
    "json_malformed",
    "json_str",
    "pk_upsert",
    "tutorial_sum_10_each",
];

const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn a_sample_of_recordings_is_replayed_on_a_real_server() {
    let server = Server::start().expect("a nats-server");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for vector in SAMPLE {
        let case = cases().find(|case| case.vector == *vector).expect("a case of this name");
        let recording = Recording::load(vector);
        let played = runtime.block_on(async {
            let played = tokio::time::timeout(PATIENCE, play(case, &recording, &server.url())).await;
            played.unwrap_or_else(|_| panic!("{vector}: not done after {PATIENCE:?}\n{}", server.log()))
        });
        case.check(&recording, &played, Marks::Lost);
    }
}

/// Publishes commit by commit. Before each commit, it waits for the output of the previous one.
async fn play(case: &Case, recording: &Recording, url: &str) -> Played {
    let options = async_nats::ConnectOptions::new().connection_timeout(DEADLINE);
    let client = options.connect(url).await.expect("a connection");
    let out = subject(recording, "out");
    let mut messages = client.subscribe(out.clone()).await.expect("a subscription");
    // When this message comes back, the server has the subscription.
    client.publish(out.clone(), END.into()).await.expect("published");
    assert!(next(&mut messages).await.is_none(), "{}: nothing before the pipeline starts", recording.name);

    let pipeline = Pipeline::new();
    (case.build)(&Ends { pipeline: &pipeline, place: Endpoint::from(url), recording });
    let running = pipeline.start().expect("the pipeline starts");

    let counts = case.counts(recording);
    let mut commits = vec![Vec::new()];
    for step in &recording.steps {
        match step {
            Step::Publish { subject, payload } => {
                let subject = self::subject(recording, subject);
                client.publish(subject, payload.clone().into()).await.expect("published");
            }
            Step::Commit => {
                let expected = counts[commits.len() - 1];
                let commit = commits.last_mut().expect("there is one");
                while commit.len() < expected {
                    commit.push(next(&mut messages).await.expect("a message of the pipeline"));
                }
                commits.push(Vec::new());
            }
        }
    }
    let source = || running.stats().sources.swap_remove(0);
    wait_for("all input", || source().rows + source().rejected == recording.published());
    let rejected = source().rejected;
    stop(running);
    // The server delivers this after everything that the pipeline has published.
    client.publish(out, END.into()).await.expect("published");
    while let Some(message) = next(&mut messages).await {
        commits.last_mut().expect("there is one").push(message);
    }
    Played { commits, rejected }
}

/// The payload of the test's own message, which marks the end.
const END: &str = "END";

/// The next message, or `None` for [`END`].
async fn next(messages: &mut async_nats::Subscriber) -> Option<Published> {
    let next = tokio::time::timeout(DEADLINE, messages.next()).await;
    let message = next.expect("a message within the deadline").expect("an open subscription");
    let pair = |(name, values): (&async_nats::HeaderName, &Vec<async_nats::HeaderValue>)| {
        values.iter().map(|value| (name.to_string(), value.to_string())).collect::<Vec<_>>()
    };
    let headers = message.headers.as_ref().map(|headers| headers.iter().flat_map(pair).collect::<Vec<_>>());
    let message = Published::new(message.subject.as_str(), headers.unwrap_or_default(), message.payload);
    (message.payload != END.as_bytes()).then_some(message)
}
