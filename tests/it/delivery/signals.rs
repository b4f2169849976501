//! `run` in a process of its own: what a signal ends in good order, and what it costs to wait for one.

use super::child::Child;
use super::support::{Client, Witness, server, value, wait_for};

#[test]
fn a_signal_ends_run_after_what_was_read_is_published() {
    for signal in ["TERM", "INT"] {
        let server = server();
        let mut witness = Witness::new(&server.url(), "sum");
        let client = Client::new(&server.url());
        let child = Child::start("sum at the end", &server.url(), &[]);
        // A zero does not change the sum, and shows when the process reads.
        wait_for("the pipeline reads", || {
            client.publish("connector_example", [value(0)]);
            child.said().contains("read 0")
        });
        client.publish("connector_example", (1..=100).map(value));
        wait_for("all is read", || child.said().contains("read 100"));
        assert!(witness.seen().is_empty(), "nothing is committed before the signal");

        child.signal(signal);
        let (status, said) = child.end();
        assert_eq!(status.code(), Some(0), "SIG{signal}: {said}");
        assert_eq!(witness.updates(), [(5050, 1)], "SIG{signal}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_pipeline_that_waits_costs_no_cpu_time() {
    let server = server();
    let mut witness = Witness::new(&server.url(), "sum");
    let client = Client::new(&server.url());
    let child = Child::start("sum", &server.url(), &[("PATHWAY_THREADS", "2")]);
    wait_for("the pipeline sums", || {
        client.publish("connector_example", [value(0)]);
        witness.sees_soon()
    });
    let before = ticks(child.id());
    // The one place where waiting is the point.
    std::thread::sleep(std::time::Duration::from_secs(2));
    let spent = ticks(child.id()) - before;
    // A tick is 10 ms. One that polls every millisecond spends some ten; one that spins, 200.
    assert!(spent <= 4, "{spent} ticks in 2 s");
    child.signal("TERM");
    assert!(child.end().0.success());
}

/// The CPU time of a process so far, in hundredths of a second.
#[cfg(target_os = "linux")]
fn ticks(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("a running process");
    // The name, in parentheses, may hold spaces; user and system time are the 12th and 13th number behind it.
    let (_, numbers) = stat.rsplit_once(") ").expect("a name");
    let times = numbers.split(' ').skip(11).take(2);
    times.map(|ticks| ticks.parse::<u64>().expect("a number")).sum()
}
