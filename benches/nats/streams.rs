//! Out of a stream, and into one: messages per second beside the loop by hand.

use std::ffi::OsStr;
use std::future::IntoFuture;
use std::time::Instant;

use async_nats::jetstream::{self, stream::Config};
use futures_util::TryStreamExt;

use crate::Outcome;
use crate::peer::{self, Peer};
use crate::process::{Contestant, Watched};
use crate::stream_contestants;
use crate::throughput::{header, row};

const ROUNDS: usize = 5;

/// A sum over a stream that is there already.
pub(crate) fn pull(server: &pathway_testkit::Server) -> Outcome {
    const MESSAGES: u64 = 1_000_000;
    println!("\nstream-in: {MESSAGES} messages {{\"value\":1}} of a stream, {ROUNDS} rounds");
    create(server, "IN", "in")?;
    fill(server, MESSAGES, |_| r#"{"value":1}"#.to_owned())?;
    header();
    let mut rates = [const { Vec::new() }; 2];
    for _ in 0..ROUNDS {
        for (rates, role) in rates.iter_mut().zip(["bare-pull", "stream-sum"]) {
            rates.push(run(role, MESSAGES, server)?);
        }
        if peer::python().is_some() {
            run_pathway("Pathway", "stream_sum", MESSAGES, server, &[])?;
        }
    }
    delete(server, "IN")?;
    ratio(rates);
    Ok(())
}

/// Rows into a stream, beside a loop that keeps as many messages under way, with the same headers.
pub(crate) fn push(server: &pathway_testkit::Server) -> Outcome {
    println!("\nstream-out: {PUBLISHED} messages into a stream, {ROUNDS} rounds");
    header();
    let mut rates = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        for (rates, role) in rates.iter_mut().zip(["bare-push", "stream-out", "stream-out-atomic"]) {
            create_output(server)?;
            rates.push(run(role, PUBLISHED, server)?);
            delete(server, "OUT")?;
        }
    }
    let [bare, ours, atomic] = rates;
    let of_ours = median(&atomic) / median(&ours);
    ratio([bare, ours]);
    println!("{:>12} {of_ours:.2} of the sink without `.atomic()`", "atomic");
    delays(server)
}

/// How long a commit takes from its end until it is confirmed, with and without `.atomic()`, in turns.
fn delays(server: &pathway_testkit::Server) -> Outcome {
    println!(
        "{:>12} {:>10} {:>10}  µs until a commit of so many messages is confirmed (p50)",
        "messages", "default", "atomic"
    );
    for messages in [1, 10, 1_000] {
        let mut delays = [const { Vec::new() }; 2];
        for _ in 0..ROUNDS {
            for (delays, is_atomic) in delays.iter_mut().zip([false, true]) {
                create_output(server)?;
                delays.extend(stream_contestants::delays(&server.url(), is_atomic, messages)?);
                delete(server, "OUT")?;
            }
        }
        let [default, atomic] = delays.map(|delays| median(&delays));
        println!("{messages:>12} {default:>10.0} {atomic:>10.0}");
    }
    Ok(())
}

/// A stream that takes atomic batches.
fn create_output(server: &pathway_testkit::Server) -> Outcome {
    let config = r#"{"name":"OUT","subjects":["out"],"storage":"file","retention":"limits","allow_atomic":true}"#;
    with_jetstream(server, async |context| {
        let answer = context.client().request("$JS.API.STREAM.CREATE.OUT", config.into()).await?;
        match String::from_utf8_lossy(&answer.payload) {
            answer if answer.contains("\"error\"") => Err(answer.into_owned().into()),
            _ => Ok(()),
        }
    })
}

/// How many messages go into the stream.
pub(crate) const PUBLISHED: u64 = 300_000;

/// Runs a contestant from its start to its last message; returns messages a second.
pub(crate) fn run(role: &str, messages: u64, server: &pathway_testkit::Server) -> Outcome<f64> {
    let begin = Instant::now();
    let mut contestant = Contestant::start(role, &server.url())?;
    let (after, end) = contestant.finish(messages)?;
    let seconds = (end - begin).as_secs_f64();
    row(role, messages, seconds, Default::default(), after);
    Ok(messages as f64 / seconds)
}

/// Runs a program of Pathway's over the stream `IN`, from its first sum to its last; returns messages a second.
pub(crate) fn run_pathway(
    name: &str,
    program: &str,
    messages: u64,
    server: &pathway_testkit::Server,
    arguments: &[&OsStr],
) -> Outcome<f64> {
    let (mut pathway, first) = Peer::start_on_stream(program, server, "IN", arguments)?;
    let begin = Instant::now();
    let (after, end) = pathway.finish(messages)?;
    let (read, seconds) = (messages - first.done, (end - begin).as_secs_f64());
    row(name, read, seconds, first, after);
    drop(pathway);
    // Its consumer stays, and would go on behind the last message.
    with_jetstream(server, async |context| {
        context.delete_consumer_from_stream("pathway-reader-1", "IN").await?;
        Ok(())
    })?;
    Ok(read as f64 / seconds)
}

fn ratio([bare, ours]: [Vec<f64>; 2]) {
    println!("{:>12} {:.2} of the loop by hand (medians of the rounds)", "ratio", median(&ours) / median(&bare));
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Fills the stream. Without acknowledgements the server would drop what comes too fast.
pub(crate) fn fill(server: &pathway_testkit::Server, messages: u64, payload: impl Fn(u64) -> String) -> Outcome {
    fill_subject(server, "in", messages, payload)
}

/// Fills the stream of a subject.
pub(crate) fn fill_subject(
    server: &pathway_testkit::Server,
    subject: &str,
    messages: u64,
    payload: impl Fn(u64) -> String,
) -> Outcome {
    with_jetstream(server, async |context| {
        let mut window = std::collections::VecDeque::new();
        for number in 0..messages {
            window.push_back(context.publish(subject.to_owned(), payload(number).into()).await?.into_future());
            if window.len() == 1_000
                && let Some(first) = window.pop_front()
            {
                first.await?;
            }
        }
        for acknowledgement in window {
            acknowledgement.await?;
        }
        Ok(())
    })
}

pub(crate) fn create(server: &pathway_testkit::Server, name: &str, subject: &str) -> Outcome {
    with_jetstream(server, async |context| {
        let config = Config { name: name.to_owned(), subjects: vec![subject.to_owned()], ..Config::default() };
        context.create_stream(config).await?;
        Ok(())
    })
}

pub(crate) fn delete(server: &pathway_testkit::Server, name: &str) -> Outcome {
    with_jetstream(server, async |context| {
        context.delete_stream(name).await?;
        Ok(())
    })
}

/// Deletes the consumers of a stream: Pathway's stay, and would go on behind the last message.
pub(crate) fn delete_consumers(server: &pathway_testkit::Server, stream: &str) -> Outcome {
    with_jetstream(server, async |context| {
        let stream = context.get_stream(stream).await?;
        let names: Vec<String> = stream.consumer_names().try_collect().await?;
        for name in names {
            stream.delete_consumer(&name).await?;
        }
        Ok(())
    })
}

fn with_jetstream(server: &pathway_testkit::Server, body: impl AsyncFnOnce(jetstream::Context) -> Outcome) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = async_nats::connect(server.url()).await?;
        body(jetstream::new(client)).await
    })
}
