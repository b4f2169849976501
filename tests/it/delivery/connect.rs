//! A server that is not there, or not yet.

use std::net::TcpListener;
use std::time::Duration;

use super::support::{Client, Witness, sum_with, value};
use pathway::ErrorKind;
use pathway::nats::Options;
use pathway_testkit::Server;

#[test]
fn a_server_that_is_absent_is_an_error_after_the_deadline() {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|taken| taken.local_addr()).expect("a port").port();
    let options = Options::new().connect_deadline(Duration::from_millis(100));
    let error = sum_with(&format!("nats://127.0.0.1:{port}"), &options).start().map(drop).expect_err("no server");
    assert_eq!(error.kind(), ErrorKind::Connect);
    let message = error.to_string();
    for part in ["sum: ", &format!("127.0.0.1:{port}"), "0.1 s", "connect_deadline"] {
        assert!(message.contains(part), "{part} is not in: {message}");
    }
}

#[test]
fn a_server_that_comes_late_is_reached() {
    // Holds the port, and tells when the pipeline has knocked.
    let door = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = door.local_addr().expect("a port").port();
    let url = format!("nats://127.0.0.1:{port}");
    let starting = {
        let url = url.clone();
        std::thread::spawn(move || sum_with(&url, &Options::new()).start())
    };
    door.accept().expect("a first attempt");
    drop(door);
    let server = Server::builder().jetstream(false).port(port).start().expect("a server");
    let running = starting.join().expect("no panic").expect("a running pipeline");

    let mut witness = Witness::new(&server.url(), "sum");
    Client::new(&server.url()).publish("connector_example", (0..10).map(value));
    witness.wait_for_sum(45);
    running.stop();
    running.join().expect("an orderly end");
}
