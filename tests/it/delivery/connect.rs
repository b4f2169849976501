//! The server is absent, or starts late.

use std::net::TcpListener;
use std::time::Duration;

use super::support::{Client, Observer, sum_with};
use crate::support::{assert_error, stop, value};
use pathway::ErrorKind;
use pathway::nats::Options;
use pathway_testkit::Server;

#[test]
fn an_absent_server_is_an_error_after_the_deadline() {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|taken| taken.local_addr()).expect("a port").port();
    let options = Options::new().connect_deadline(Duration::from_millis(100));
    let error = sum_with(&format!("nats://127.0.0.1:{port}"), &options).start().map(drop).expect_err("no server");
    assert_error(&error, ErrorKind::Connect, &["sum: ", &format!("127.0.0.1:{port}"), "0.1 s", "connect_deadline"]);
}

#[test]
fn a_server_that_starts_late_is_reached() {
    // A listener holds the port until the pipeline has tried to connect.
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

    let mut observer = Observer::new(&server.url(), "sum");
    Client::new(&server.url()).publish("connector_example", (0..10).map(value));
    observer.wait_for_sum(45);
    stop(running);
}
