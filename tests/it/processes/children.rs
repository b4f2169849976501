//! Real processes, which are killed, stopped, and ended by signals.

use super::free_addresses;
use crate::delivery::child::Child;
use crate::delivery::support::{Client, Observer, server};
use crate::support::{value, wait_for};

/// Starts a process of a cluster.
fn start(role: &str, uri: &str, addresses: &[String], process: usize) -> Child {
    let (processes, process) = (addresses.len().to_string(), process.to_string());
    let addresses = addresses.join(", ");
    let environment = [
        ("PATHWAY_PROCESSES", &*processes),
        ("PATHWAY_PROCESS_ID", &*process),
        ("PATHWAY_ADDRESSES", &*addresses),
        ("PATHWAY_THREADS", "2"),
    ];
    Child::start(role, uri, &environment)
}

/// The processes of the tutorial's program.
fn start_all(uri: &str, processes: usize) -> Vec<Child> {
    let addresses = free_addresses(processes);
    (0..processes).map(|process| start("sum", uri, &addresses, process)).collect()
}

#[test]
fn the_sum_of_three_processes_goes_on_until_a_signal_to_one_of_them() {
    let server = server();
    let (client, mut observer) = (Client::new(&server.url()), Observer::new(&server.url(), "sum"));
    let children = start_all(&server.url(), 3);
    wait_for("they sum", || {
        client.publish("connector_example", [value(0)]);
        observer.sees_soon()
    });
    client.publish("connector_example", (1..=100).map(value));
    wait_for("the sum is there", || observer.updates().contains(&(5050, 1)));
    children[2].signal("TERM");
    for child in children {
        let (status, said) = child.end();
        assert_eq!(status.code(), Some(0), "{said}");
        assert!(said.contains("is connected to all others"), "{said}");
    }
}

#[test]
fn a_process_that_dies_or_hangs_ends_the_others_with_an_error_that_names_it() {
    for signal in ["KILL", "STOP"] {
        let server = server();
        let (client, mut observer) = (Client::new(&server.url()), Observer::new(&server.url(), "sum"));
        let mut children = start_all(&server.url(), 3);
        wait_for("they sum", || {
            client.publish("connector_example", [value(0)]);
            observer.sees_soon()
        });
        let lost = children.remove(1);
        lost.signal(signal);
        for child in children {
            let (status, said) = child.end();
            assert_eq!(status.code(), Some(1), "SIG{signal}: {said}");
            assert!(said.contains("Cluster: "), "SIG{signal}: {said}");
            assert!(said.contains("process 1 (127.0.0.1:") && said.contains(" was lost: "), "SIG{signal}: {said}");
            assert!(!said.contains("panicked"), "SIG{signal}: {said}");
        }
        if signal == "STOP" {
            lost.signal("KILL");
        }
        drop(lost);
    }
}

#[test]
fn another_program_is_refused_and_the_first_process_waits_for_its_own() {
    let addresses = free_addresses(2);
    let first = start("sum", "nats://127.0.0.1:1", &addresses, 0);
    let (status, said) = start("sum at the end", "nats://127.0.0.1:1", &addresses, 1).end();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("operators") && said.contains("run the same program everywhere"), "{said}");
    wait_for("it says so", || first.said().contains("process 1"));
    first.signal("TERM");
    let (status, said) = first.end();
    assert_eq!(status.code(), Some(0), "{said}");
}
