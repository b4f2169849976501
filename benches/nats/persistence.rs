//! What persistence costs: the same pipeline from stream to stream, with a directory and without.

use crate::Outcome;
use crate::latency::{median, report, round_trips};
use crate::peer;
use crate::process::Contestant;
use crate::streams::{create, delete, fill, run, run_pathway};
use crate::throughput::header;

const ROLES: [&str; 2] = ["forgetful", "persistent"];

/// Throughput over a backlog, and latency of single messages.
pub(crate) fn persistence(server: &pathway_testkit::Server) -> Outcome {
    const MESSAGES: u64 = 1_000_000;
    const ROUNDS: usize = 7;
    println!("\npersistence: {MESSAGES} messages of 1 000 keys from stream to stream, {ROUNDS} rounds");
    create(server, "IN", "in")?;
    fill(server, MESSAGES, |number| format!(r#"{{"value":{}}}"#, number.wrapping_mul(611_953) % 1_000))?;
    header();
    let mut rates = [const { Vec::new() }; 2];
    for _ in 0..ROUNDS {
        for (rates, role) in rates.iter_mut().zip(ROLES) {
            create(server, "OUT", "out")?;
            rates.push(run(role, MESSAGES, server)?);
            delete(server, "OUT")?;
        }
    }
    let [without, with] = rates.map(median);
    println!("{:>12} {:.2} of the throughput without (medians of the rounds)", "ratio", with / without);
    if peer::python().is_some() {
        pathway(server, MESSAGES)?;
    }
    delete(server, "IN")?;

    const SINGLE: usize = 2_000;
    println!("{:>12} {:>8} {:>8} {:>8}", "µs", "p50", "p90", "p99");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut medians = [const { Vec::new() }; 2];
    for _ in 0..ROUNDS {
        for (medians, role) in medians.iter_mut().zip(ROLES) {
            create(server, "IN", "in")?;
            create(server, "OUT", "out")?;
            let contestant = Contestant::start(role, &server.url())?;
            let times = runtime.block_on(round_trips(&server.url(), SINGLE))?;
            drop(contestant);
            medians.push(report(role, times));
            delete(server, "IN")?;
            delete(server, "OUT")?;
        }
    }
    let [without, with] = medians.map(median);
    println!("{:>12} {:.2} of the p50 without (medians of the rounds)", "ratio", with / without);
    let log = std::fs::metadata(std::env::temp_dir().join("pathway-bench-state").join("log-00000001"))?.len();
    println!("{:>12} {:.1} bytes of the log a commit", "", log as f64 / SINGLE as f64);
    Ok(())
}

/// The same in Pathway, with a directory and without. Its output stream is not waited for.
fn pathway(server: &pathway_testkit::Server, messages: u64) -> Outcome {
    const ROUNDS: usize = 3;
    let directory = std::env::temp_dir().join("pathway-bench-peer-state");
    let mut rates = [const { Vec::new() }; 2];
    for _ in 0..ROUNDS {
        for (rates, persists) in rates.iter_mut().zip([false, true]) {
            if directory.exists() {
                std::fs::remove_dir_all(&directory)?;
            }
            create(server, "OUT", "groups")?;
            let name = if persists { "Pathway, persistent" } else { "Pathway" };
            let arguments = persists.then_some(directory.as_os_str());
            rates.push(run_pathway(name, "stream_groups", messages, server, arguments.as_slice())?);
            delete(server, "OUT")?;
        }
    }
    let [without, with] = rates.map(median);
    println!("{:>12} {:.2} of Pathway's throughput without (medians of the rounds)", "ratio", with / without);
    Ok(())
}
