//! Clusters form, whatever the order, and again.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use pathway_testkit::wait_for;

use super::{Processes, form, form_all, no_control};
use crate::cluster::frame::{HEAD, Head};
use crate::cluster::{Kind, Links, Pipe};

/// Each process writes to each other one over pipes, and reads what they write.
fn talk(links: &[Links]) {
    let own = |from: usize, to: usize| format!("from {from} to {to}").into_bytes();
    thread::scope(|scope| {
        for (process, links) in links.iter().enumerate() {
            scope.spawn(move || {
                for link in links.iter() {
                    let mut pipe = Pipe::new(link.clone(), no_control());
                    pipe.write_all(&own(process, link.peer())).expect("no error");
                    pipe.shutdown_write();
                }
                for link in links.iter() {
                    let mut received = Vec::new();
                    Pipe::new(link.clone(), no_control()).read_to_end(&mut received).expect("no error");
                    assert_eq!(received, own(link.peer(), process));
                    assert_eq!(link.lost(), None);
                }
            });
        }
    });
}

#[test]
fn processes_form_and_talk_to_each_other() {
    for number in [2, 3, 5] {
        let clusters = Processes::new(number).start_all();
        let links = form_all(&clusters);
        for (process, own) in links.iter().enumerate() {
            assert_eq!(own.epoch(), links[0].epoch());
            let peers: Vec<_> = (0..number).filter(|peer| *peer != process).collect();
            assert_eq!(own.iter().map(|link| link.peer()).collect::<Vec<_>>(), peers);
            assert!(own.link(process).is_none() && own.link(number).is_none());
        }
        talk(&links);
    }
}

#[test]
fn processes_without_a_secret_form_on_one_machine() {
    let mut processes = Processes::new(2);
    processes.settings.secret = None;
    talk(&form_all(&processes.start_all()));
}

#[test]
fn each_process_says_for_whom_it_waits() {
    let mut processes = Processes::new(3);
    processes.timing.waits = (Duration::ZERO, Duration::from_millis(1));
    let [(first, reports), (second, _), (last, others)] =
        [0, 1, 2].map(|process| processes.start_with(process, |_| {}));
    let address = |process: usize| &processes.settings.addresses[process];
    thread::scope(|scope| {
        let first = scope.spawn(|| form(&first));
        let both = format!("waits for process 1 ({}), process 2 ({})", address(1), address(2));
        wait_for("a report", || reports.has_waited(&both));
        let last = scope.spawn(|| form(&last));
        let second_only = format!("waits for process 1 ({})", address(1));
        // The others learn from process 0 whom it waits for.
        wait_for("reports", || reports.has_waited(&second_only) && others.has_waited(&second_only));
        let second = scope.spawn(|| form(&second));
        talk(&[first, second, last].map(|forming| forming.join().expect("no panic").expect("formed")));
    });
}

#[test]
fn a_process_that_cannot_be_reached_is_named_with_the_reason() {
    let mut processes = Processes::new(2);
    processes.timing.waits = (Duration::ZERO, Duration::from_secs(10));
    // A port on which nobody listens any more.
    processes.settings.addresses[0] = super::address(&super::listener());
    let (cluster, reports) = processes.start_with(1, |_| {});
    let is_stopped = AtomicBool::new(false);
    thread::scope(|scope| {
        let forming = scope.spawn(|| cluster.form(&|| is_stopped.load(Ordering::Relaxed)));
        let text = format!("waits for process 0 ({}): Connection refused", processes.settings.addresses[0]);
        wait_for("a report", || reports.has_waited(&text));
        is_stopped.store(true, Ordering::Relaxed);
        assert!(forming.join().expect("no panic").expect("no error").is_none());
    });
}

#[test]
fn forming_ends_when_the_pipeline_stops() {
    let processes = Processes::new(3);
    let clusters = processes.start_all();
    let is_stopped = AtomicBool::new(false);
    // Process 1 misses: one waits for the others, and one waits for process 0.
    thread::scope(|scope| {
        let stopped = || is_stopped.load(Ordering::Relaxed);
        let forming = [0, 2].map(|process| {
            scope.spawn({
                let cluster = &clusters[process];
                move || cluster.form(&stopped)
            })
        });
        is_stopped.store(true, Ordering::Relaxed);
        for forming in forming {
            assert!(forming.join().expect("no panic").expect("no error").is_none());
        }
    });
    talk(&form_all(&clusters));
}

#[test]
fn a_process_that_is_started_again_while_the_others_wait_takes_part() {
    let processes = Processes::new(3);
    let [(first, reports), (second, _), (last, _)] = [0, 1, 2].map(|process| processes.start_with(process, |_| {}));
    let is_stopped = AtomicBool::new(false);
    thread::scope(|scope| {
        let forming = scope.spawn(|| form(&first));
        let stopping = scope.spawn(|| second.form(&|| is_stopped.load(Ordering::Relaxed)));
        wait_for("process 1 has joined", || first.reception.is_taken(1));
        is_stopped.store(true, Ordering::Relaxed);
        assert!(stopping.join().expect("no panic").expect("no error").is_none());
        wait_for("process 1 is missed", || reports.has(|progress| progress.to_string().starts_with("process 1 (")));
        let others = [&second, &last].map(|cluster| scope.spawn(move || form(cluster)));
        let mut links = vec![forming.join().expect("no panic").expect("formed")];
        links.extend(others.map(|other| other.join().expect("no panic").expect("formed")));
        talk(&links);
    });
}

#[test]
fn a_second_process_with_a_number_waits_until_the_first_is_gone() {
    let mut processes = Processes::new(3);
    processes.timing.waits = (Duration::ZERO, Duration::from_secs(10));
    let [first, one, last] = [0, 1, 2].map(|process| processes.start(process));
    let (twin, reports) = processes.start_with(1, |_| {});
    let is_stopped = AtomicBool::new(false);
    thread::scope(|scope| {
        let forming = scope.spawn(|| form(&first));
        let is_stopped = &is_stopped;
        // It is dropped there: both listen on the same socket.
        let stopping =
            scope.spawn(move || one.form(&|| is_stopped.load(Ordering::Relaxed)).map(|links| links.is_none()));
        wait_for("process 1 has joined", || first.reception.is_taken(1));
        let second = scope.spawn(|| form(&twin));
        wait_for("a report", || reports.has_waited("another process 1 is connected there"));
        is_stopped.store(true, Ordering::Relaxed);
        assert!(stopping.join().expect("no panic").expect("no error"));
        let last = scope.spawn(|| form(&last));
        talk(&[forming, second, last].map(|forming| forming.join().expect("no panic").expect("formed")));
    });
}

#[test]
fn connections_that_are_none_of_ours_hold_up_nobody() {
    let processes = Processes::new(3);
    let (first, reports) = processes.start_with(0, |_| {});
    let connect = || TcpStream::connect(&processes.settings.addresses[0]).expect("a connection");
    // More of them than there can be handshakes, half of them after the begin of a frame.
    let mut silent: Vec<_> = (0..20).map(|_| connect()).collect();
    for half_open in silent.iter_mut().step_by(2) {
        half_open.write_all(&[2, 9, 0]).expect("sent");
    }
    let mut garbage = connect();
    garbage.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    let mut frame = connect();
    frame.write_all(&Head::of(Kind::Control, b"what").expect("a head")).expect("sent");
    frame.write_all(b"what").expect("sent");
    // Somebody who looks whether the port is open, and says nothing.
    drop(connect());
    let others = [1, 2].map(|process| processes.start(process));
    talk(&form_all([&first].into_iter().chain(&others)));
    wait_for("a report", || reports.has_refused("is not of this cluster: the head of a frame is damaged"));
    wait_for("a report", || reports.has_refused("is not of this cluster: it has sent something else"));
    drop(silent);
}

#[test]
fn a_claim_of_a_long_message_by_a_stranger_reserves_nothing() {
    let processes = Processes::new(2);
    let (_first, reports) = processes.start_with(0, |_| {});
    let mut stranger = TcpStream::connect(&processes.settings.addresses[0]).expect("a connection");
    let head: [u8; HEAD] = Head::of(Kind::Control, &[0; 2000]).expect("a head");
    stranger.write_all(&head).expect("sent");
    wait_for("a report", || reports.has_refused("a frame of 2000 bytes is too long"));
    // Nothing was said to it.
    let mut heard = Vec::new();
    let _ = stranger.read_to_end(&mut heard);
    assert_eq!(heard, b"");
}
