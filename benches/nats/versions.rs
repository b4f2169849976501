//! Two builds of the tutorial's job in turns: what a change of the crate costs.

use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::latency::{median, report, round_trips};
use crate::process::Contestant;
use crate::throughput::{flood_of, header};

/// This build and the one that `PATHWAY_OTHER_BENCH` names, the bench program of another version.
pub(crate) fn versions(server: &pathway_testkit::Server) -> Outcome {
    const MESSAGES: u64 = 5_000_000;
    const ROUNDS: usize = 15;
    let other = std::env::var_os("PATHWAY_OTHER_BENCH").ok_or("PATHWAY_OTHER_BENCH names no program")?;
    let builds = [("other", PathBuf::from(other)), ("this", std::env::current_exe()?)];
    println!("\nversions: {MESSAGES} messages, {ROUNDS} rounds");
    header();
    let mut floods = [const { Vec::new() }; 2];
    for round in 0..ROUNDS {
        for number in in_turn(round) {
            let (name, program) = &builds[number];
            let mut contestant = Contestant::start_of(program, "sum", &server.url())?;
            floods[number].push(flood_of(MESSAGES, name, &mut contestant, server)?);
        }
    }
    let ratio = |figure: fn(&(f64, f64)) -> f64| {
        let [other, this] = floods.each_ref().map(|rounds| median(rounds.iter().map(figure).collect()));
        this / other
    };
    println!("{:>12} {:.3} of the other's throughput, {:.3} of its CPU", "ratio", ratio(|it| it.0), ratio(|it| it.1));
    latency(server, &builds, 2 * ROUNDS)
}

fn latency(server: &pathway_testkit::Server, builds: &[(&str, PathBuf); 2], rounds: usize) -> Outcome {
    const MESSAGES: usize = 2_000;
    println!("\nversions: {MESSAGES} messages one by one, {rounds} rounds, in µs");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut medians = [const { Vec::new() }; 2];
    let measure = |name: &str, program: &Path| -> Outcome<f64> {
        let contestant = Contestant::start_of(program, "sum", &server.url())?;
        let times = runtime.block_on(round_trips(&server.url(), MESSAGES))?;
        drop(contestant);
        Ok(report(name, times))
    };
    for round in 0..rounds {
        for number in in_turn(round) {
            let (name, program) = &builds[number];
            medians[number].push(measure(name, program)?);
        }
    }
    let [other, this] = medians.map(median);
    println!("{:>12} {:.3} of the other's p50", "ratio", this / other);
    Ok(())
}

/// The order of the two changes, because the first one of a round may find the machine in another state.
fn in_turn(round: usize) -> [usize; 2] {
    if round.is_multiple_of(2) { [0, 1] } else { [1, 0] }
}
