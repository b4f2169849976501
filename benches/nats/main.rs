//! End to end on one nats-server: our pipelines beside the loop that one would write by hand.
//!
//! ```sh
//! cargo bench --bench nats             # everything
//! cargo bench --bench nats -- latency  # one of: flood, latency, groups, groups-out, stream-in, stream-out,
//!                                      # persistence, nexmark, monitoring
//! ```
//!
//! `versions` compares `flood` and `latency` with those of another build of this program, which `PATHWAY_OTHER_BENCH` names; it runs
//! only if asked for.
//!
//! Where `PATHWAY_PYTHON` names a Python with Pathway 0.33 installed, Pathway takes its turns too.
//!
//! Each contestant runs in a process of its own, so that CPU and memory are its alone. The parent publishes and
//! measures. Contestants take turns within a round, because machines are noisy; medians of the rounds are compared.

mod contestants;
mod flood;
mod latency;
mod nexmark;
mod peer;
mod persistence;
mod process;
#[allow(dead_code, reason = "the other bench uses the rest")]
#[path = "../nexmark/rows.rs"]
mod rows;
mod stream_contestants;
mod streams;
mod throughput;
mod versions;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [role, url] = &arguments[..] {
        return contestants::run(role, url);
    }
    let chosen = |name: &str| arguments.is_empty() || arguments.iter().any(|argument| argument == name);
    let server = pathway_testkit::Server::start()?;
    println!("{} cores, nats-server at {}", std::thread::available_parallelism()?, server.url());
    if chosen("flood") {
        throughput::flood(&server)?;
    }
    if chosen("latency") {
        latency::closed_loop(&server)?;
    }
    if chosen("groups") {
        throughput::groups(&server, "groups")?;
    }
    if chosen("groups-out") {
        throughput::groups(&server, "groups-out")?;
    }
    if chosen("stream-in") {
        streams::pull(&server)?;
    }
    if chosen("stream-out") {
        streams::push(&server)?;
    }
    if chosen("persistence") {
        persistence::persistence(&server)?;
    }
    if chosen("nexmark") {
        nexmark::nexmark(&server)?;
    }
    if chosen("monitoring") {
        versions::monitoring(&server)?;
    }
    if arguments.iter().any(|argument| argument == "versions") {
        versions::versions(&server)?;
    }
    Ok(())
}
