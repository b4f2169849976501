//! What is compared: our pipelines, and the loop that one would write by hand.
//!
//! A contestant says `ready` on its standard output, answers each line on its standard input with a line of
//! figures (see [`Figures`]), and ends when its standard input does.

use std::io::{BufRead, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::StreamExt;
use pathway::prelude::*;

use crate::Outcome;
use crate::process::Figures;

/// Runs the contestant that `role` names, on the server at `url`.
pub(crate) fn run(role: &str, url: &str) -> Outcome {
    match role {
        "sum" => ours(url, sum),
        "sum-monitored" => monitored(url),
        "groups" => ours(url, groups),
        "groups-out" => ours(url, groups_out),
        "bare-sum" => bare(url, Echo::Nothing),
        "bare-echo" => bare(url, Echo::Sum),
        "bare-pair" => bare(url, Echo::Pair),
        other => crate::stream_contestants::run(other, url)
            .or_else(|| crate::nexmark::run(other, url))
            .unwrap_or_else(|| Err(format!("no contestant is called {other}").into())),
    }
}

#[derive(Schema)]
pub(crate) struct Input {
    pub(crate) value: i64,
}

#[derive(Schema)]
struct Event {
    key: String,
    value: i64,
}

/// The tutorial's job.
fn sum(pipeline: &Pipeline, url: &str) {
    let input = nats::read(pipeline, url, "in").json::<Input>();
    let total = reduce!(row in input => { sum: sum(row.value) });
    nats::write(&total, url, "out").json();
}

/// A sum and a count by key, and the number of rows.
fn groups(pipeline: &Pipeline, url: &str) {
    let input = nats::read(pipeline, url, "in").json::<Event>();
    let by_key = reduce!(row in input by row.key => { key: row.key, sum: sum(row.value), n: count() });
    let rows = reduce!(row in by_key => { rows: sum(row.n) });
    nats::write(&rows, url, "out").json();
}

/// A sum and a count by key, and every group that changes leaves.
fn groups_out(pipeline: &Pipeline, url: &str) {
    let input = nats::read(pipeline, url, "in").json::<Event>();
    let by_key = reduce!(row in input by row.key => { key: row.key, sum: sum(row.value), n: count() });
    nats::write(&by_key, url, "out").json();
}

pub(crate) fn ours(url: &str, declare: fn(&Pipeline, &str)) -> Outcome {
    let pipeline = Pipeline::new();
    declare(&pipeline, url);
    measured(pipeline)
}

/// The tutorial's job, whose metrics and statistics are read over HTTP twice a second.
fn monitored(url: &str) -> Outcome {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    drop(listener);
    std::thread::spawn(move || {
        loop {
            for path in ["/metrics", "/stats.json"] {
                // Before the start and behind the end, there is no server.
                let _ = get(address, path);
            }
            std::thread::sleep(Duration::from_millis(500));
        }
    });
    let pipeline = Pipeline::new().monitor(address.to_string());
    sum(&pipeline, url);
    measured(pipeline)
}

fn get(address: std::net::SocketAddr, path: &str) -> std::io::Result<usize> {
    let mut socket = std::net::TcpStream::connect(address)?;
    socket.write_all(format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes())?;
    socket.read_to_end(&mut Vec::new())
}

/// Runs a pipeline with one source and one sink.
pub(crate) fn measured(pipeline: Pipeline) -> Outcome {
    let running = pipeline.start()?;
    serve(|| {
        let stats = running.stats();
        let source = &stats.sources[0];
        let sink = &stats.sinks[0];
        // The last message counts only when all that was caused is published.
        let waiting = u64::from(sink.published + sink.rejected < sink.queued);
        ((source.rows + source.rejected).saturating_sub(waiting), source.dropped, stats.commits)
    })?;
    running.stop();
    running.join()?;
    Ok(())
}

/// What the loop by hand publishes.
#[derive(Clone, Copy)]
enum Echo {
    Nothing,
    /// Every new sum.
    Sum,
    /// What our sink does: the old sum's end and the new sum, each with two headers.
    Pair,
}

/// The loop by hand: async-nats, serde_json, a sum, on a current-thread runtime.
fn bare(url: &str, echo: Echo) -> Outcome {
    #[derive(serde::Deserialize)]
    struct Input {
        value: i64,
    }

    let done = Arc::new(AtomicU64::new(0));
    let (ready, is_ready) = std::sync::mpsc::channel();
    let (seen, url) = (Arc::clone(&done), url.to_owned());
    std::thread::spawn(move || -> Outcome {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let client = async_nats::connect(url).await?;
            let mut messages = client.subscribe("in").await?;
            client.flush().await?;
            ready.send(())?;
            let mut sum = 0;
            while let Some(message) = messages.next().await {
                let input: Input = serde_json::from_slice(&message.payload)?;
                let before = sum;
                sum += input.value;
                let payload =
                    |sum: i64, diff: i64| format!(r#"{{"sum":{sum},"diff":{diff},"time":1700000000000}}"#).into();
                match echo {
                    Echo::Nothing => {}
                    Echo::Sum => client.publish("out", payload(sum, 1)).await?,
                    Echo::Pair => {
                        for (sum, diff) in [(before, -1), (sum, 1)] {
                            let mut headers = async_nats::HeaderMap::new();
                            headers.insert("pathway_time", "1700000000000");
                            headers.insert("pathway_diff", diff.to_string());
                            client.publish_with_headers("out", headers, payload(sum, diff)).await?;
                        }
                    }
                }
                seen.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        })
    });
    is_ready.recv()?;
    serve(|| (done.load(Ordering::Relaxed), 0, 0))
}

/// Answers the parent until it hangs up. `count` gives the messages done, those dropped, and the commits.
pub(crate) fn serve(count: impl Fn() -> (u64, u64, u64)) -> Outcome {
    println!("ready");
    for line in std::io::stdin().lock().lines() {
        line?;
        let (done, dropped, commits) = count();
        let figures = Figures { done, dropped, commits, ..Figures::of_process("self")? };
        println!("{figures}");
        std::io::stdout().flush()?;
    }
    Ok(())
}
