//! Connections to real servers, and to some that only pretend.

mod identity;
mod refusals;
mod server_errors;
mod supervisor;
mod tls;

use std::io::Write;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use super::runtime;
use super::support::{server, server_with_authorization};
use super::*;
use crate::data::{Error, ErrorKind, Result};
use pathway_testkit::{Server as TestServer, wait_for};

fn connect(uri: &str, deadline: Duration) -> Result<String> {
    connect_with(uri, Options::new().connect_deadline(deadline))
}

fn connect_with(uri: &str, options: Options) -> Result<String> {
    let mut dialer = Dialer::new(NatsUri::parse(uri)?, options, "test".into(), 64);
    runtime()?.block_on(async {
        let connection = dialer.connect(false).await?;
        Ok(connection.server.to_string())
    })
}

fn connect_error(uri: &str) -> Error {
    connect(uri, Duration::from_millis(300)).expect_err(uri)
}

const LONG_DEADLINE: Duration = Duration::from_secs(20);

#[test]
fn a_user_and_password_authenticate() {
    let server = server_with_authorization("user: alice, password: \"p@ss:w/rd,%\"");
    let address = server.host_port();
    connect(&format!("nats://alice:p%40ss%3Aw%2Frd%2C%25@{address}"), LONG_DEADLINE).expect("a connection");

    let start = Instant::now();
    let error = connect(&format!("nats://alice:s3cret@{address}"), LONG_DEADLINE).expect_err("a wrong password");
    assert!(start.elapsed() < Duration::from_secs(5), "retrying makes no sense");
    assert_eq!(error.kind(), ErrorKind::Authorization);
    let text = error.to_string();
    assert!(text.contains(&address) && text.contains("user `alice`") && !text.contains("s3cret"), "{text}");

    let error = connect_error(&server.url());
    assert_eq!(error.kind(), ErrorKind::Authorization);
    assert!(error.to_string().contains("put credentials into the URI"), "{error}");
}

#[test]
fn a_token_authenticates() {
    let server = server_with_authorization("token: t0ken");
    connect(&format!("nats://t0ken@{}", server.host_port()), LONG_DEADLINE).expect("a connection");
    let error = connect_error(&format!("nats://s3cret@{}", server.host_port()));
    assert_eq!(error.kind(), ErrorKind::Authorization);
    assert!(error.to_string().contains("a token") && !error.to_string().contains("s3cret"), "{error}");
}

#[test]
fn the_next_server_of_a_list_is_tried() {
    let server = server();
    let nobody = free_port();
    for _ in 0..4 {
        let uri = format!("nats://127.0.0.1:{nobody},127.0.0.1:{}", server.port());
        assert_eq!(connect(&uri, LONG_DEADLINE).expect("a connection"), server.url());
    }
}

#[test]
fn an_ipv6_address_works() {
    // Not every machine has an IPv6 loopback.
    if TcpListener::bind("[::1]:0").is_err() {
        return;
    }
    let server = TestServer::builder().jetstream(false).arg("--addr").arg("::").start().expect("a server");
    let uri = format!("nats://[::1]:{}", server.port());
    assert_eq!(connect(&uri, LONG_DEADLINE).expect("a connection"), uri);
}

#[test]
fn a_missing_server_is_an_error() {
    let port = free_port();
    let error = connect_error(&format!("nats://u:s3cret@127.0.0.1:{port}"));
    assert_eq!(error.kind(), ErrorKind::Connect);
    let text = error.to_string();
    assert!(text.contains(&format!("nats://127.0.0.1:{port} (connection refused)")), "{text}");
    assert!(text.contains("connect_deadline") && !text.contains("s3cret"), "{text}");

    let error = connect_error("nats://no-such-host.invalid");
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(error.to_string().contains("no-such-host.invalid"), "{error}");
}

#[test]
fn a_server_that_starts_late_is_waited_for() {
    let mut server = server();
    server.stop();
    let url = server.url();
    let connecting = thread::spawn(move || connect(&url, LONG_DEADLINE));
    server.restart().expect("a server");
    assert_eq!(connecting.join().expect("no panic").expect("a connection"), server.url());
}

#[test]
fn tls_with_a_plain_server_is_an_error() {
    let server = server();
    let start = Instant::now();
    let error = connect(&format!("tls://{}", server.host_port()), LONG_DEADLINE).expect_err("no TLS there");
    assert!(start.elapsed() < Duration::from_secs(10), "retrying makes no sense");
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(error.to_string().contains("does not use it"), "{error}");
}

#[test]
fn a_server_that_is_not_nats_is_an_error() {
    let error = connect(&not_nats(), LONG_DEADLINE).expect_err("no NATS there");
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(error.to_string().contains("not a NATS server"), "{error}");
}

#[test]
fn a_silent_server_is_an_error() {
    let error = connect_error(&silent());
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(error.to_string().contains("no answer"), "{error}");
}

/// async-nats accepts commands until its buffer is full, and then waits forever.
#[test]
fn commands_do_not_wait_for_a_broken_connection() {
    let mut server = server();
    let uri = NatsUri::parse(&server.url()).expect("a URI");
    let mut dialer = Dialer::new(uri, Options::new(), "test".into(), 64);
    runtime().expect("a runtime").block_on(async {
        let mut connection = dialer.connect(false).await.expect("a connection");
        let client = connection.client.clone();
        let flushed = connection.until_lost(client.flush()).await;
        assert!(matches!(flushed, Ok(Ok(()))), "{flushed:?}");
        server.stop();
        tokio::time::timeout(LONG_DEADLINE, connection.lost()).await.expect("the loss of the connection");
        let flood = async {
            loop {
                client.publish("a", "".into()).await.expect("room");
            }
        };
        let published = tokio::time::timeout(LONG_DEADLINE, connection.until_lost(flood)).await;
        assert!(matches!(published, Ok(Err::<(), _>(SessionEnd::ConnectionLost))), "{published:?}");
    });
}

/// A port without a listener.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

/// The address of a mail server.
fn not_nats() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let _ = stream.write_all(b"220 mail.example ESMTP\r\n");
            // Keep the connection open, as a mail server would.
            std::mem::forget(stream);
        }
    });
    address
}

/// The address of a server that accepts connections and says nothing.
fn silent() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    std::mem::forget(listener);
    address
}
