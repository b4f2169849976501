//! What is compared at streams: our pipelines, and loops by hand on async-nats' JetStream.

use std::collections::VecDeque;
use std::future::IntoFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use async_nats::jetstream::{self, consumer::AckPolicy, consumer::pull};
use futures_util::StreamExt;
use pathway::Running;
use pathway::io::Feed;
use pathway::prelude::*;

use crate::Outcome;
use crate::contestants::{Input, measured, ours, serve};
use crate::streams::PUBLISHED;

/// How many messages are under way, as with ours.
const WINDOW: usize = 4_000;

/// Runs the contestant that `role` names, if it is one of these.
pub(crate) fn run(role: &str, url: &str) -> Option<Outcome> {
    match role {
        "stream-sum" => Some(ours(url, sum)),
        "stream-out" => Some(out(url, false)),
        "stream-out-atomic" => Some(out(url, true)),
        "forgetful" => Some(ours(url, copy_groups)),
        "persistent" => Some(persistent(url)),
        "bare-pull" => Some(by_hand(url, bare_pull)),
        "bare-push" => Some(by_hand(url, bare_push)),
        _ => None,
    }
}

fn sum(pipeline: &Pipeline, url: &str) {
    let input = nats::read(pipeline, url, "in").jetstream("IN").json::<Input>();
    let total = reduce!(row in input => { sum: sum(row.value) });
    nats::write(&total, url, "sum").json();
}

/// Stream to stream: how often each value has come.
fn copy_groups(pipeline: &Pipeline, url: &str) {
    let input = nats::read(pipeline, url, "in").jetstream("IN").json::<Input>();
    let counts = reduce!(row in input by row.value => { row.value, n: count() });
    nats::write(&counts, url, "out").jetstream("OUT").json();
}

/// The same, with a directory that is removed first.
fn persistent(url: &str) -> Outcome {
    let path = std::env::temp_dir().join("pathway-bench-state");
    if path.exists() {
        std::fs::remove_dir_all(&path)?;
    }
    let pipeline = Pipeline::named("bench").persist(pathway::persistence::directory(path));
    copy_groups(&pipeline, url);
    measured(pipeline)
}

/// A pipeline that writes what it is fed into a stream.
fn fed(url: &str, is_atomic: bool) -> Outcome<(Feed<Input>, Running)> {
    let pipeline = Pipeline::new();
    let (feed, rows) = pipeline.input::<Input>();
    let out = nats::write(&rows, url, "out").jetstream("OUT");
    if is_atomic {
        out.atomic().json()
    } else {
        out.json()
    }
    Ok((feed, pipeline.start()?))
}

/// How long each commit of so many messages takes from its end until it is confirmed, in µs, if one follows the other.
pub(crate) fn delays(url: &str, is_atomic: bool, messages: i64) -> Outcome<Vec<f64>> {
    const COMMITS: i64 = 200;
    let (feed, running) = fed(url, is_atomic)?;
    let mut delays = Vec::new();
    for commit in 1..=COMMITS {
        (0..messages).for_each(|value| feed.insert(Input { value }));
        let begin = Instant::now();
        feed.commit();
        while running.stats().sinks[0].published < (commit * messages) as u64 {
            std::thread::yield_now();
        }
        delays.push(begin.elapsed().as_secs_f64() * 1e6);
    }
    drop(feed);
    running.join()?;
    Ok(delays)
}

fn out(url: &str, is_atomic: bool) -> Outcome {
    let (feed, running) = fed(url, is_atomic)?;
    std::thread::spawn(move || {
        for commit in 0..PUBLISHED as i64 / 1000 {
            (0..1000).for_each(|n| feed.insert(Input { value: commit * 1000 + n }));
            feed.commit();
        }
        // Its end would end the pipeline, and with that its figures.
        std::thread::park();
    });
    serve(|| {
        let stats = running.stats();
        (stats.sinks[0].published, 0, stats.commits)
    })?;
    // The feed's thread does not end by itself.
    std::process::exit(0);
}

/// Runs a loop by hand on a thread of its own, which counts what it has done.
fn by_hand<F: Future<Output = Outcome> + 'static>(
    url: &str,
    body: fn(jetstream::Context, Arc<AtomicU64>) -> F,
) -> Outcome {
    let done = Arc::new(AtomicU64::new(0));
    let (count, url) = (Arc::clone(&done), url.to_owned());
    std::thread::spawn(move || -> Outcome {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async { body(jetstream::new(async_nats::connect(url).await?), count).await })
    });
    serve(|| (done.load(Ordering::Relaxed), 0, 0))
}

async fn bare_pull(context: jetstream::Context, done: Arc<AtomicU64>) -> Outcome {
    #[derive(serde::Deserialize)]
    struct Value {
        value: i64,
    }
    let config = pull::Config { ack_policy: AckPolicy::None, ..pull::Config::default() };
    let consumer = context.create_consumer_on_stream(config, "IN").await?;
    let mut messages = consumer.stream().max_messages_per_batch(10_000).messages().await?;
    let mut sum = 0;
    while let Some(message) = messages.next().await {
        sum += serde_json::from_slice::<Value>(&message?.payload)?.value;
        std::hint::black_box(sum);
        done.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

async fn bare_push(context: jetstream::Context, done: Arc<AtomicU64>) -> Outcome {
    let mut window = VecDeque::with_capacity(WINDOW);
    for value in 0..PUBLISHED {
        let mut headers = async_nats::HeaderMap::new();
        headers.insert("pathway_time", "1700000000000");
        headers.insert("pathway_diff", "1");
        headers.insert("Nats-Msg-Id", format!("0123456789abcdef-{}-{}", value / 1000, value % 1000));
        let payload = format!(r#"{{"value":{value},"diff":1,"time":1700000000000}}"#);
        window.push_back(context.publish_with_headers("out", headers, payload.into()).await?.into_future());
        if window.len() == WINDOW
            && let Some(first) = window.pop_front()
        {
            first.await?;
            done.fetch_add(1, Ordering::Relaxed);
        }
    }
    for acknowledgement in window {
        acknowledgement.await?;
        done.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}
