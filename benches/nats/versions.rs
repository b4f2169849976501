//! The tutorial's job twice, in turns: what a change of the crate costs, and what it costs to be watched.

use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::latency::{median, report, round_trips};
use crate::process::Contestant;
use crate::throughput::{flood_of, header};

/// A program, and the contestant that it is to be.
struct Side {
    name: &'static str,
    program: PathBuf,
    role: &'static str,
}

/// This build and the one that `PATHWAY_OTHER_BENCH` names, the bench program of another version.
pub(crate) fn versions(server: &pathway_testkit::Server) -> Outcome {
    let other = std::env::var_os("PATHWAY_OTHER_BENCH").ok_or("PATHWAY_OTHER_BENCH names no program")?.into();
    let other = Side { name: "other", program: other, role: "sum" };
    compare(server, "versions", &[other, Side { name: "this", program: std::env::current_exe()?, role: "sum" }])
}

/// A pipeline that serves its page and metrics, which are read twice a second, and one that does not.
pub(crate) fn monitoring(server: &pathway_testkit::Server) -> Outcome {
    let side = |name, role| Outcome::Ok(Side { name, program: std::env::current_exe()?, role });
    compare(server, "monitoring", &[side("without", "sum")?, side("with", "sum-monitored")?])
}

fn compare(server: &pathway_testkit::Server, title: &str, sides: &[Side; 2]) -> Outcome {
    const MESSAGES: u64 = 5_000_000;
    const ROUNDS: usize = 15;
    println!("\n{title}: {MESSAGES} messages, {ROUNDS} rounds");
    header();
    let mut floods = [const { Vec::new() }; 2];
    for round in 0..ROUNDS {
        for number in in_turn(round) {
            let Side { name, program, role } = &sides[number];
            let mut contestant = Contestant::start_of(program, role, &server.url())?;
            floods[number].push(flood_of(MESSAGES, name, &mut contestant, server)?);
        }
    }
    let ratio = |figure: fn(&(f64, f64)) -> f64| {
        let [first, second] = floods.each_ref().map(|rounds| median(rounds.iter().map(figure).collect()));
        second / first
    };
    let (throughput, cpu) = (ratio(|it| it.0), ratio(|it| it.1));
    println!("{:>12} {throughput:.3} of the throughput of `{}`, {cpu:.3} of its CPU", "ratio", sides[0].name);
    latency(server, title, sides, 2 * ROUNDS)
}

fn latency(server: &pathway_testkit::Server, title: &str, sides: &[Side; 2], rounds: usize) -> Outcome {
    const MESSAGES: usize = 2_000;
    println!("\n{title}: {MESSAGES} messages one by one, {rounds} rounds, in µs");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut medians = [const { Vec::new() }; 2];
    let measure = |name: &str, program: &Path, role: &str| -> Outcome<f64> {
        let contestant = Contestant::start_of(program, role, &server.url())?;
        let times = runtime.block_on(round_trips(&server.url(), MESSAGES))?;
        drop(contestant);
        Ok(report(name, times))
    };
    for round in 0..rounds {
        for number in in_turn(round) {
            let Side { name, program, role } = &sides[number];
            medians[number].push(measure(name, program, role)?);
        }
    }
    let [first, second] = medians.map(median);
    println!("{:>12} {:.3} of the p50 of `{}`", "ratio", second / first, sides[0].name);
    Ok(())
}

/// The order of the two, because the first one of a round may find the machine in another state.
fn in_turn(round: usize) -> [usize; 2] {
    if round.is_multiple_of(2) { [0, 1] } else { [1, 0] }
}
