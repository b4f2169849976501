//! How many messages a second, at what cost, and how many are lost.

use std::fmt::Write as _;
use std::time::Instant;

use crate::Outcome;
use crate::flood::publish;
use crate::peer::{self, Peer};
use crate::process::{Contestant, Figures, Watched};

/// A flood of small messages through the tutorial's job and the bare loop.
pub(crate) fn flood(server: &pathway_testkit::Server) -> Outcome {
    const MESSAGES: u64 = 5_000_000;
    const ROUNDS: usize = 3;
    println!("\nflood: {MESSAGES} messages {{\"value\":1}}, {ROUNDS} rounds");
    header();
    for _ in 0..ROUNDS {
        for role in ["bare-sum", "sum"] {
            flood_of(MESSAGES, role, &mut Contestant::start(role, &server.url())?, server)?;
        }
        if peer::python().is_some() {
            flood_of(MESSAGES, "Pathway", &mut Peer::start("sum", server)?, server)?;
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
        groups_of(KEYS, RATE, role, &mut Contestant::start(role, &server.url())?, server)?;
        if peer::python().is_some() {
            groups_of(KEYS, RATE, "Pathway", &mut Peer::start(role, server)?, server)?;
        }
    }
    Ok(())
}

/// Floods one, and returns messages a second, and CPU nanoseconds a message.
pub(crate) fn flood_of(
    messages: u64,
    name: &str,
    of: &mut impl Watched,
    server: &pathway_testkit::Server,
) -> Outcome<(f64, f64)> {
    let before = of.figures()?;
    let begin = Instant::now();
    publish(server, messages, None, |_, text| text.push_str(r#"{"value":1}"#))?;
    let (after, end) = of.finish(before.done + messages)?;
    let seconds = (end - begin).as_secs_f64();
    row(name, messages, seconds, before, after);
    let done = (after.done - before.done).max(1) as f64;
    Ok((done / seconds, (after.cpu_ms - before.cpu_ms) as f64 * 1e6 / done))
}

fn groups_of(keys: u64, rate: u64, name: &str, of: &mut impl Watched, server: &pathway_testkit::Server) -> Outcome {
    let start = of.figures()?;
    // Buffers grow to their size first, so that what grows later are keys.
    publish(server, keys, Some(rate), |_, text| text.push_str(r#"{"key":"user-000000","value":1}"#))?;
    let (before, _) = of.finish(start.done + keys)?;
    let begin = Instant::now();
    // 611 953 is coprime to the number of keys: every key comes once in a million, in no order.
    publish(server, 2 * keys, Some(rate), |i, text| {
        let _ = write!(text, r#"{{"key":"user-{:06}","value":1}}"#, i.wrapping_mul(611_953) % keys);
    })?;
    let (after, end) = of.finish(before.done + 2 * keys)?;
    row(name, 2 * keys, (end - begin).as_secs_f64(), before, after);
    let grown = after.rss_kib.saturating_sub(before.rss_kib) * 1024;
    println!("{:>12} {:.0} bytes a key", "", grown as f64 / keys as f64);
    Ok(())
}

pub(crate) fn header() {
    println!(
        "{:>12} {:>12} {:>12} {:>10} {:>9} {:>10} {:>9}",
        "", "messages/s", "CPU ns/msg", "lost", "dropped", "peak MiB", "commits"
    );
}

pub(crate) fn row(role: &str, messages: u64, seconds: f64, before: Figures, after: Figures) {
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
