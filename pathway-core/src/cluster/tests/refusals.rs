//! Processes that run another program or know another secret are refused, and the others go on.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use pathway_testkit::wait_for;

use super::{Processes, form, form_all};
use crate::cluster::ClusterSettings;
use crate::cluster::Kind;
use crate::cluster::frame::{HEAD, Head};
use crate::data::ErrorKind;

/// What process 1 of two is told if it has other settings than process 0. Process 0 reports it, and forms with the right one.
fn refusal(change: impl FnOnce(&mut ClusterSettings)) -> String {
    let processes = Processes::new(2);
    let (first, reports) = processes.start_with(0, |_| {});
    let (other, _) = processes.start_with(1, change);
    thread::scope(|scope| {
        let forming = scope.spawn(|| form(&first));
        let error = form(&other).expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Config);
        let message = error.to_string();
        wait_for("a report", || reports.has_refused(message.rsplit(" are ").next().unwrap_or_default()));
        drop(other);
        let _links = form(&processes.start(1)).expect("the right process is not refused");
        assert!(forming.join().expect("no panic").is_ok());
        message
    })
}

#[test]
fn each_fact_that_differs_is_named_with_both_values() {
    assert_eq!(
        refusal(|settings| settings.facts[0].1 = "0.2.0".into()),
        "process 1 has the version 0.2.0, and process 0 has 0.1.0: run the same program everywhere"
    );
    assert_eq!(
        refusal(|settings| drop(settings.facts.pop())),
        "process 1 has no pipeline, and process 0 has orders: run the same program everywhere"
    );
    assert_eq!(
        refusal(|settings| settings.facts.push(("operator `reduce-2`".into(), "a, b".into()))),
        "process 1 has the operator `reduce-2` a, b, and process 0 has none: run the same program everywhere"
    );
    assert_eq!(
        refusal(|settings| settings.threads = 4),
        "process 1 has 4 threads, and process 0 has 2: set PATHWAY_THREADS to the same number everywhere"
    );
    let many = refusal(|settings| settings.addresses.push("127.0.0.1:1".into()));
    assert!(
        many.starts_with("process 1 is one of 3 processes, and process 0 is one of 2: set PATHWAY_PROCESSES"),
        "{many}"
    );
    let moved = refusal(|settings| settings.addresses[1] = "127.0.0.1:1".into());
    assert!(
        moved.starts_with("process 1 has the address 127.0.0.1:1 for process 1, and process 0 has 127."),
        "{moved}"
    );
}

#[test]
fn long_values_are_shown_from_where_they_differ() {
    let columns = |last: &str| format!("{}{last}", "column, ".repeat(100));
    let mut processes = Processes::new(2);
    processes.settings.facts.push(("columns".into(), columns("old")));
    let (first, second) =
        (processes.start(0), processes.start_with(1, |settings| settings.facts[2].1 = columns("new")).0);
    let is_stopped = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| first.form(&|| is_stopped.load(Ordering::Relaxed)));
        let error = form(&second).expect_err("refused").to_string();
        is_stopped.store(true, Ordering::Relaxed);
        let shown = "has the columns …column, column, new, and process 0 has …column, column, old: run";
        assert!(error.contains(shown), "{error}");
    });
}

#[test]
fn facts_are_compared_by_name_and_not_by_place() {
    let processes = Processes::new(2);
    let (second, _) = processes.start_with(1, |settings| settings.facts.reverse());
    form_all([&processes.start(0), &second]);
}

#[test]
fn a_process_with_another_secret_is_refused() {
    for secret in [None, Some("another secret".to_owned())] {
        let message = refusal(|settings| settings.secret = secret);
        assert!(message.ends_with("not of this cluster: is PATHWAY_CLUSTER_SECRET the same?"), "{message}");
    }
}

#[test]
fn a_process_with_the_number_of_another_one_is_named() {
    let mut processes = Processes::new(2);
    processes.timing.waits = (Duration::ZERO, Duration::from_secs(10));
    // At the place of process 0, it connects to itself.
    let started = [0, 1].map(|process| processes.start_with(process, |settings| settings.process = 1));
    let is_stopped = AtomicBool::new(false);
    thread::scope(|scope| {
        for (cluster, _) in &started {
            scope.spawn(|| cluster.form(&|| is_stopped.load(Ordering::Relaxed)));
        }
        let text = "process 1 answers there: has it the right PATHWAY_PROCESS_ID?";
        wait_for("reports", || started.iter().all(|(_, reports)| reports.has_waited(text)));
        is_stopped.store(true, Ordering::Relaxed);
    });
}

#[test]
fn whoever_does_not_know_the_secret_hears_a_hello_and_nothing_more() {
    let processes = Processes::new(2);
    let (_first, reports) = processes.start_with(0, |_| {});
    let mut stranger = TcpStream::connect(&processes.settings.addresses[0]).expect("a connection");
    // A hello of a process that exists, and a proof that is none.
    let mut hello = b"pathway\n".to_vec();
    hello.push(1);
    hello.extend([7; 32]);
    hello.extend([1, 1, 0]);
    for message in [&hello[..], &[0; 32]] {
        stranger.write_all(&Head::of(Kind::Control, message).expect("a head")).expect("sent");
        stranger.write_all(message).expect("sent");
    }
    let mut heard = Vec::new();
    stranger.read_to_end(&mut heard).expect("the end");
    let head: [u8; HEAD] = heard[..HEAD].try_into().expect("a head");
    let head = Head::read(&head, 100).expect("a head");
    // Magic, version, nonce, process 0 and no purpose.
    assert_eq!((head.kind, head.length, heard.len()), (Kind::Control, 8 + 1 + 32 + 1 + 1, HEAD + head.length));
    wait_for("a report", || {
        reports.has_refused("a connection from 127.0.0.1 is not of this cluster: is PATHWAY_CLUSTER_SECRET the same?")
    });
}

#[test]
fn another_version_of_the_protocol_is_named() {
    let processes = Processes::new(2);
    let (_first, reports) = processes.start_with(0, |_| {});
    let mut other = TcpStream::connect(&processes.settings.addresses[0]).expect("a connection");
    let hello = [&b"pathway\n"[..], &[2], b"whatever comes then"].concat();
    other.write_all(&Head::of(Kind::Control, &hello).expect("a head")).expect("sent");
    other.write_all(&hello).expect("sent");
    wait_for("a report", || reports.has_refused("another process speaks version 2 of the protocol between processes"));
}
