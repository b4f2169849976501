//! Clients that do harm on purpose, or because they are slow: the pipeline does not notice.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use super::support::{address, ask, get};
use crate::support::DEADLINE;
use pathway::prelude::*;

#[derive(Schema)]
struct Row {
    id: i64,
}

/// Forty clients, more than are answered at a time, connect and say nothing, or half a request. Others are still answered, as soon as the server has given
/// the silent ones up, and the pipeline goes on meanwhile.
#[test]
fn silent_clients_are_given_up() {
    let pipeline = Pipeline::new().monitor("127.0.0.1:0");
    let (feed, rows) = pipeline.input::<Row>();
    let seen = rows.collect();
    let running = pipeline.start().expect("a start");
    let silent: Vec<_> = (0..40)
        .map(|number| {
            let mut socket = TcpStream::connect(address(&running)).expect("a connection");
            if number % 2 == 0 {
                socket.write_all(b"GET /stats.json HTT").expect("a socket");
            }
            socket
        })
        .collect();
    feed.insert(Row { id: 1 });
    feed.commit();
    assert_eq!(seen.rows().len(), 1);
    // The first ones are closed without an answer, or with one that says why.
    let begin = Instant::now();
    let mut socket = &silent[1];
    socket.set_read_timeout(Some(DEADLINE)).expect("a socket");
    let mut text = Vec::new();
    let _ = socket.read_to_end(&mut text);
    assert!(begin.elapsed() < DEADLINE, "it is still open");
    drop(silent);
    assert_eq!(get(&running, "/live").status, 200);
    drop(feed);
    running.join().expect("an end");
}

#[test]
fn garbage_and_endless_heads_are_refused() {
    let pipeline = Pipeline::new().monitor("127.0.0.1:0");
    let (feed, rows) = pipeline.input::<Row>();
    let _rows = rows.collect();
    let running = pipeline.start().expect("a start");
    let address = address(&running);
    for request in [
        "\u{16}\u{3}\u{1}\0garbage\r\n\r\n",
        "GET\r\n\r\n",
        "GET /stats.json HTTP/9.9\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let answer = ask(address, request);
        assert!(answer.as_ref().is_none_or(|answer| answer.status >= 400), "{request:?}: {answer:?}");
    }
    let endless = format!("GET /stats.json HTTP/1.1\r\nHost: {address}\r\nX: {}\r\n\r\n", "x".repeat(1 << 20));
    let answer = ask(address, &endless);
    assert!(answer.as_ref().is_none_or(|answer| answer.status >= 400), "{answer:?}");
    assert_eq!(get(&running, "/live").status, 200);
    drop(feed);
    running.join().expect("an end");
}

/// The end of a pipeline does not wait for a client that has asked and does not read.
#[test]
fn the_end_waits_for_no_client() {
    let pipeline = Pipeline::new().monitor("127.0.0.1:0");
    let (feed, rows) = pipeline.input::<Row>();
    let _rows = rows.collect();
    let running = pipeline.start().expect("a start");
    let _silent = TcpStream::connect(address(&running)).expect("a connection");
    let mut slow = TcpStream::connect(address(&running)).expect("a connection");
    slow.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("a socket");
    let begin = Instant::now();
    drop(feed);
    running.join().expect("an end");
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
}
