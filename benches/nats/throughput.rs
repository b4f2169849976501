//! How many messages a second, at what cost, and how many are lost.

use std::fmt::Write as _;
use std::time::Instant;

use crate::Outcome;
use crate::flood::publish;
use crate::process::{Contestant, Figures};

/// A flood of small messages through the tutorial's job and the bare loop.
pub(crate) fn flood(server: &pathway_testkit::Server) -> Outcome {
    const MESSAGES: u64 = 5_000_000;
    const ROUNDS: usize = 3;
    println!("\nflood: {MESSAGES} messages {{\"value\":1}}, {ROUNDS} rounds");
    header();
    for _ in 0..ROUNDS {
        for role in ["bare-sum", "sum"] {
            let mut contestant = Contestant::start(role, &server.url())?;
            let before = contestant.figures()?;
            let begin = Instant::now();
            publish(server, MESSAGES, None, |_, text| text.push_str(r#"{"value":1}"#))?;
            let (after, end) = contestant.finish(MESSAGES)?;
            row(role, MESSAGES, (end - begin).as_secs_f64(), before, after);
        }
    }
    Ok(())
}

/// A million keys at a fixed rate, each twice.
pub(crate) fn groups(server: &pathway_testkit::Server, role: &str) -> Outcome {
    const KEYS: u64 = 1_000_000;
    const RATE: u64 = 400_000;
    println!("\n{role}: {} messages of {KEYS} keys at {RATE}/s", 2 * KEYS);
    header();
    for _ in 0..2 {
        let mut contestant = Contestant::start(role, &server.url())?;
        // Buffers grow to their size first, so that what grows later are keys.
        publish(server, KEYS, Some(RATE), |_, text| text.push_str(r#"{"key":"user-000000","value":1}"#))?;
        contestant.finish(KEYS)?;
        let before = contestant.figures()?;
        let begin = Instant::now();
        // 611 953 is coprime to the number of keys: every key comes once in a million, in no order.
        publish(server, 2 * KEYS, Some(RATE), |i, text| {
            let _ = write!(text, r#"{{"key":"user-{:06}","value":1}}"#, i.wrapping_mul(611_953) % KEYS);
        })?;
        let (after, end) = contestant.finish(3 * KEYS)?;
        row(role, 2 * KEYS, (end - begin).as_secs_f64(), before, after);
        println!(
            "{:>12} {:.0} bytes a key",
            "",
            (after.rss_kib.saturating_sub(before.rss_kib) * 1024) as f64 / KEYS as f64
        );
    }
    Ok(())
}

fn header() {
    println!(
        "{:>12} {:>12} {:>12} {:>10} {:>9} {:>10} {:>9}",
        "", "messages/s", "CPU ns/msg", "lost", "dropped", "peak MiB", "commits"
    );
}

fn row(role: &str, messages: u64, seconds: f64, before: Figures, after: Figures) {
    let done = (after.done - before.done).max(1) as f64;
    println!(
        "{role:>12} {:>12.0} {:>12.0} {:>10} {:>9} {:>10.1} {:>9}",
        done / seconds,
        (after.cpu_ms - before.cpu_ms) as f64 * 1e6 / done,
        messages - (after.done - before.done),
        after.dropped,
        after.peak_kib as f64 / 1024.0,
        after.commits,
    );
}
