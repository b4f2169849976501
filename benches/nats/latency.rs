//! From a message to its update: one message at a time, the next when the update is there.

use std::time::{Duration, Instant};

use futures_util::StreamExt;

use crate::Outcome;
use crate::process::Contestant;

/// The bare loop, one that publishes as much as our sink, and the tutorial's job, in turns.
pub(crate) fn closed_loop(server: &pathway_testkit::Server) -> Outcome {
    const MESSAGES: usize = 2_000;
    const ROUNDS: usize = 9;
    println!("\nlatency: {MESSAGES} messages one by one, {ROUNDS} rounds, in µs");
    println!("{:>12} {:>8} {:>8} {:>8}", "", "p50", "p90", "p99");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let roles = ["bare-echo", "bare-pair", "sum"];
    let mut medians = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        for (medians, role) in medians.iter_mut().zip(roles) {
            let contestant = Contestant::start(role, &server.url())?;
            let times = runtime.block_on(round_trips(&server.url(), MESSAGES))?;
            drop(contestant);
            medians.push(report(role, times));
        }
    }
    let [bare, pair, ours] = medians.map(median);
    println!("{:>12} {:.2} of the bare loop's p50 (medians of the rounds)", "ratio", ours / bare);
    println!("{:>12} {:.2} of the p50 of the loop that publishes the same messages", "", ours / pair);
    Ok(())
}

/// Prints the percentiles of some times, and returns the median in µs.
pub(crate) fn report(role: &str, mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    let at = |share: f64| times[(times.len() as f64 * share) as usize].as_secs_f64() * 1e6;
    println!("{role:>12} {:>8.1} {:>8.1} {:>8.1}", at(0.5), at(0.9), at(0.99));
    at(0.5)
}

pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

pub(crate) async fn round_trips(url: &str, messages: usize) -> Outcome<Vec<Duration>> {
    let client = async_nats::connect(url).await?;
    let mut updates = client.subscribe("out").await?;
    client.flush().await?;
    let mut times = Vec::with_capacity(messages);
    for _ in 0..messages {
        let begin = Instant::now();
        client.publish("in", r#"{"value":1}"#.into()).await?;
        loop {
            let update = updates.next().await.ok_or("the subscription has ended")?;
            // The retraction of the old sum comes first.
            if update.payload.windows(8).any(|piece| piece == br#""diff":1"#) {
                break;
            }
        }
        times.push(begin.elapsed());
    }
    Ok(times)
}
