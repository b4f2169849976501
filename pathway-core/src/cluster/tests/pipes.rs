//! What timely sees of a link, whatever happens to it.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::sync::{Arc, Mutex};
use std::thread;

use super::{LONG, link, no_control, sockets};
use crate::cluster::frame::Head;
use crate::cluster::{Kind, Pipe};

/// The header with which timely ends.
const END_HEADER: [u8; 48] = [0; 48];

/// A frame as it is sent.
fn frame(kind: Kind, bytes: &[u8]) -> Vec<u8> {
    [&Head::of(kind, bytes).expect("a short frame")[..], bytes].concat()
}

/// Reads in pieces of random lengths until nothing comes, and once more.
fn read_all(pipe: &mut Pipe, random: &mut fastrand::Rng) -> Vec<u8> {
    let mut received = Vec::new();
    loop {
        let mut piece = vec![0; random.usize(1..5000)];
        let count = pipe.read(&mut piece).expect("a pipe never fails");
        if count == 0 {
            assert_eq!(pipe.read(&mut piece).expect("a pipe never fails"), 0);
            return received;
        }
        received.extend(&piece[..count]);
    }
}

#[test]
fn bytes_and_control_messages_go_both_ways() {
    for seed in 0..20 {
        let (one, other) = sockets();
        let links = [link(1, one, LONG).expect("a link"), link(0, other, LONG).expect("a link")];
        thread::scope(|scope| {
            for (side, link) in links.iter().enumerate() {
                let peer = link.peer();
                let received = Arc::new(Mutex::new(Vec::new()));
                let on_control = {
                    let received = Arc::clone(&received);
                    Arc::new(move |from: usize, bytes: &[u8]| {
                        assert_eq!(from, peer);
                        received.lock().expect("no panic").push(bytes.to_vec());
                    })
                };
                let mut pipe = Pipe::new(Arc::clone(link), on_control);
                let mut writer = pipe.try_clone().expect("a clone");
                scope.spawn(move || {
                    let mut random = fastrand::Rng::with_seed(2 * seed + side as u64);
                    for number in 0..random.u8(1..100) {
                        let longest = if random.u8(..) == 0 { 3 << 20 } else { 10_000 };
                        let bytes = vec![number + 1; random.usize(0..longest)];
                        writer.write_all(&bytes).expect("a pipe never fails");
                        if random.bool() {
                            link.send(Kind::Control, &[number; 3]);
                        }
                        if random.u8(..) < 20 {
                            link.ping();
                        }
                    }
                    writer.shutdown_write();
                    // Nothing is sent behind the end.
                    link.ping();
                    link.send(Kind::Data, b"late");
                });
                scope.spawn(move || {
                    let mut random = fastrand::Rng::with_seed(1000 + seed);
                    let bytes = read_all(&mut pipe, &mut random);
                    // What the other side has written, by its seed.
                    let mut random = fastrand::Rng::with_seed(2 * seed + peer_side(side));
                    let (mut written, mut controls) = (Vec::new(), Vec::new());
                    for number in 0..random.u8(1..100) {
                        let longest = if random.u8(..) == 0 { 3 << 20 } else { 10_000 };
                        written.resize(written.len() + random.usize(0..longest), number + 1);
                        if random.bool() {
                            controls.push(vec![number; 3]);
                        }
                        random.u8(..);
                    }
                    assert!(bytes == written, "seed {seed}: {} bytes of {}", bytes.len(), written.len());
                    assert_eq!(*received.lock().expect("no panic"), controls, "seed {seed}");
                });
            }
        });
        assert_eq!([links[0].lost(), links[1].lost()], [None, None]);
        let [(sent, received), (others_sent, others_received)] = links.each_ref().map(|link| link.traffic());
        assert_eq!((sent, others_sent), (others_received, received));
    }
}

fn peer_side(side: usize) -> u64 {
    1 - side as u64
}

#[test]
fn a_pipe_ends_properly_wherever_its_link_is_cut() {
    let parts = [
        (Kind::Ping, vec![]),
        (Kind::Data, vec![1; 70]),
        (Kind::Control, vec![2; 9]),
        (Kind::Data, vec![]),
        (Kind::Data, vec![3; 48]),
        (Kind::Ping, vec![]),
        (Kind::Data, vec![0; 47]),
        (Kind::Data, END_HEADER.to_vec()),
        (Kind::End, vec![]),
    ];
    let (mut sent, mut ends) = (Vec::new(), Vec::new());
    for (kind, bytes) in &parts {
        sent.extend(frame(*kind, bytes));
        ends.push(sent.len());
    }
    let mut random = fastrand::Rng::with_seed(7);
    for cut in 0..=sent.len() {
        let (mut peer, socket) = sockets();
        peer.write_all(&sent[..cut]).expect("sent");
        peer.shutdown(Shutdown::Write).expect("shut down");
        let link = link(1, socket, LONG).expect("a link");
        let received = read_all(&mut Pipe::new(Arc::clone(&link), no_control()), &mut random);
        let whole = ends.iter().filter(|end| **end <= cut).count();
        let data = parts[..whole].iter().filter(|(kind, _)| *kind == Kind::Data).map(|(_, bytes)| &bytes[..]);
        let mut expected = data.collect::<Vec<_>>().concat();
        // What ends with the header must not get another one.
        if whole < parts.len() - 1 {
            expected.extend(END_HEADER);
        }
        assert_eq!(received, expected, "cut behind {cut} bytes");
        let reason = (whole < parts.len()).then_some("it has closed the connection");
        assert_eq!(link.lost(), reason, "cut behind {cut} bytes");
    }
}

#[test]
fn a_damaged_bit_loses_the_link_and_is_never_read() {
    let bytes = [frame(Kind::Data, &[5; 20]), frame(Kind::Data, &[6; 20]), frame(Kind::End, &[])].concat();
    let mut random = fastrand::Rng::with_seed(8);
    for bit in 0..8 * bytes.len() {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let (mut peer, socket) = sockets();
        // The peer is there, and would send more.
        peer.write_all(&damaged).expect("sent");
        let link = link(1, socket, LONG).expect("a link");
        let received = read_all(&mut Pipe::new(Arc::clone(&link), no_control()), &mut random);
        let whole = [&[5; 20][..], &[6; 20]][..(bit / 8 / 33).min(2)].concat();
        assert_eq!(received, [&whole[..], &END_HEADER].concat(), "bit {bit}");
        assert!(link.lost().is_some_and(|reason| reason.contains("damaged")), "bit {bit}");
    }
}

#[test]
fn what_is_written_after_a_loss_is_dropped() {
    let (peer, socket) = sockets();
    let link = link(1, socket, LONG).expect("a link");
    let mut pipe = Pipe::new(Arc::clone(&link), no_control());
    drop(peer);
    while link.lost().is_none() {
        assert_eq!(pipe.write(&[1; 1000]).expect("a pipe never fails"), 1000);
    }
    pipe.write_all(&[1; 1000]).expect("a pipe never fails");
    pipe.flush().expect("a pipe never fails");
    pipe.shutdown_write();
    assert_eq!(read_all(&mut pipe, &mut fastrand::Rng::with_seed(9)), END_HEADER);
}

#[test]
fn a_frame_that_is_too_long_loses_the_link() {
    let (_peer, socket) = sockets();
    let link = link(1, socket, LONG).expect("a link");
    link.send(Kind::Data, &vec![0; crate::cluster::frame::LONGEST + 1]);
    assert_eq!(link.lost(), Some("cannot write: a frame of 1073741825 bytes is too long"));
}
