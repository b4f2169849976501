//! Connections that are cut, stalled and damaged: everybody notices, and the cluster forms again.

use std::io::{Read, Write};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use pathway_testkit::wait_for;

use super::proxy::Proxy;
use super::{Processes, SHORT, form_all, link, no_control, sockets};
use crate::cluster::{Cluster, Kind, Links, Pipe};

/// Three processes, which reach process 0 only through a proxy.
fn behind_proxy(patience: Duration) -> (Proxy, Vec<Cluster>) {
    let mut processes = Processes::new(3).patience(patience);
    let proxy = Proxy::to(&processes.listeners[0]);
    processes.settings.addresses[0].clone_from(&proxy.address);
    let clusters = processes.start_all();
    (proxy, clusters)
}

/// Reads each link, as the workers would, until it ends.
fn read(links: &Links) -> Vec<thread::JoinHandle<Vec<u8>>> {
    let pipes = links.iter().map(|link| Pipe::new(link.clone(), no_control()));
    let read = |mut pipe: Pipe| {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            pipe.read_to_end(&mut bytes).expect("a pipe never fails");
            bytes
        })
    };
    pipes.map(read).collect()
}

/// All links of all processes are lost, and each process is told so, once.
fn all_are_lost(links: &[Links], reasons: &[&str]) {
    let (told, losses) = mpsc::channel();
    for (process, links) in links.iter().enumerate() {
        let told = told.clone();
        links.on_lost(move |loss| told.send((process, loss.to_string())).expect("the test listens"));
    }
    drop(told);
    let mut losses: Vec<_> = losses.iter().take(links.len()).collect();
    losses.sort();
    assert_eq!(losses.iter().map(|(process, _)| *process).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(losses.iter().any(|(_, loss)| reasons.iter().any(|reason| loss.contains(reason))), "{losses:?}");
    for links in links {
        wait_for("all links are lost", || links.iter().all(|link| link.lost().is_some()));
        assert!(links.lost().is_some());
    }
}

#[test]
fn a_cut_connection_is_a_loss_for_all_and_the_cluster_forms_again() {
    let (proxy, clusters) = behind_proxy(super::LONG);
    for _ in 0..5 {
        let links = form_all(&clusters);
        let reading: Vec<_> = links.iter().flat_map(read).collect();
        proxy.cut();
        all_are_lost(&links, &["it has closed the connection", "cannot read", "cannot write"]);
        for reading in reading {
            assert_eq!(reading.join().expect("no panic"), [0; 48]);
        }
    }
}

#[test]
fn a_stalled_connection_is_a_loss_after_the_patience() {
    let (proxy, clusters) = behind_proxy(SHORT);
    let links = form_all(&clusters);
    let reading: Vec<_> = links.iter().flat_map(read).collect();
    proxy.stall(true);
    all_are_lost(&links, &["it has sent nothing for 400ms"]);
    for reading in reading {
        assert_eq!(reading.join().expect("no panic"), [0; 48]);
    }
    drop(links);
    proxy.stall(false);
    proxy.cut();
    form_all(&clusters);
}

#[test]
fn a_loss_ends_a_write_that_waits_for_room() {
    let (_peer, socket) = sockets();
    let link = link(1, socket, SHORT).expect("a link");
    thread::scope(|scope| {
        // More than the sockets of both sides take.
        let writing = scope.spawn(|| link.send(Kind::Data, &vec![1; 100 << 20]));
        // A ping does not wait for it.
        wait_for("the write has begun", || link.traffic().0 > 0);
        link.ping();
        let mut bytes = Vec::new();
        assert!(link.receive(&mut bytes).is_err());
        writing.join().expect("no panic");
    });
    assert_eq!(link.lost(), Some("it has sent nothing for 400ms"));
}

#[test]
fn heartbeats_keep_silent_links_alive() {
    let clusters = Processes::new(3).patience(SHORT).start_all();
    let links = form_all(&clusters);
    let reading: Vec<_> = links.iter().flat_map(read).collect();
    // Several times the patience, counted in pings.
    let pinged = |count: u64| links.iter().flat_map(Links::iter).all(|link| link.traffic().1 > count * 13);
    wait_for("many pings", || pinged(20));
    assert!(links.iter().all(|links| links.lost().is_none()));
    drop(links);
    for reading in reading {
        assert_eq!(reading.join().expect("no panic"), [0; 48]);
    }
}

#[test]
fn a_damaged_byte_is_a_loss_and_not_data() {
    let (proxy, clusters) = behind_proxy(super::LONG);
    let mut random = fastrand::Rng::with_seed(3);
    for _ in 0..10 {
        let links = form_all(&clusters);
        let reading: Vec<_> = links.iter().flat_map(read).collect();
        proxy.damage(random.usize(0..10_000));
        for process in [1, 2] {
            let mut pipe = Pipe::new(links[process].link(0).expect("a link").clone(), no_control());
            for _ in 0..100 {
                pipe.write_all(&[7; 100]).expect("a pipe never fails");
            }
        }
        all_are_lost(&links, &["damaged"]);
        for reading in reading {
            let bytes = reading.join().expect("no panic");
            let (data, end) = bytes.split_at(bytes.len() - 48);
            assert!(data.iter().all(|byte| *byte == 7) && data.len() % 100 == 0 && end == [0; 48]);
        }
    }
}

#[test]
fn a_cluster_forms_whichever_byte_of_the_forming_is_damaged() {
    // What two processes send to process 0 until they are linked.
    const BYTES: usize = 400;
    let (proxy, clusters) = behind_proxy(super::LONG);
    let mut random = fastrand::Rng::with_seed(4);
    let mut damaged = 0;
    for _ in 0..60 {
        proxy.damage(random.usize(0..BYTES));
        let links = form_all(&clusters);
        damaged += usize::from(proxy.has_damaged());
        drop(links);
    }
    assert!(damaged > 30, "only {damaged} bytes were damaged");
}
