//! Connections to a real server.

mod identity;
mod tls;

use std::io::Write;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use super::runtime;
use super::support::{guarded, server};
use super::*;
use crate::data::{Error, ErrorKind, Result};
use pathway_testkit::Server as TestServer;

fn connect(uri: &str, deadline: Duration) -> Result<String> {
    connect_with(uri, Options::new().connect_deadline(deadline))
}

fn connect_with(uri: &str, options: Options) -> Result<String> {
    let mut dialer = Dialer::new(NatsUri::parse(uri)?, options, "test".into(), 64);
    runtime()?.block_on(async {
        let connection = dialer.first().await?;
        Ok(connection.server.to_string())
    })
}

fn refusal(uri: &str) -> Error {
    connect(uri, Duration::from_millis(300)).expect_err(uri)
}

const PATIENT: Duration = Duration::from_secs(20);

#[test]
fn user_and_password() {
    let server = guarded("user: alice, password: \"p@ss:w/rd,%\"");
    let address = server.host_port();
    connect(&format!("nats://alice:p%40ss%3Aw%2Frd%2C%25@{address}"), PATIENT).expect("a connection");

    let start = Instant::now();
    let error = connect(&format!("nats://alice:s3cret@{address}"), PATIENT).expect_err("a wrong password");
    assert!(start.elapsed() < Duration::from_secs(5), "no use in trying again");
    assert_eq!(error.kind(), ErrorKind::Authorization);
    let text = error.to_string();
    assert!(text.contains(&address) && text.contains("user `alice`") && !text.contains("s3cret"), "{text}");

    let error = refusal(&server.url());
    assert_eq!(error.kind(), ErrorKind::Authorization);
    assert!(error.to_string().contains("put credentials into the URI"), "{error}");
}

#[test]
fn token() {
    let server = guarded("token: t0ken");
    connect(&format!("nats://t0ken@{}", server.host_port()), PATIENT).expect("a connection");
    let error = refusal(&format!("nats://s3cret@{}", server.host_port()));
    assert_eq!(error.kind(), ErrorKind::Authorization);
    assert!(error.to_string().contains("a token") && !error.to_string().contains("s3cret"), "{error}");
}

#[test]
fn the_next_server_of_a_list() {
    let server = server();
    let nobody = free_port();
    for _ in 0..4 {
        let uri = format!("nats://127.0.0.1:{nobody},127.0.0.1:{}", server.port());
        assert_eq!(connect(&uri, PATIENT).expect("a connection"), server.url());
    }
}

#[test]
fn ipv6() {
    // Not every machine has an IPv6 loopback.
    if TcpListener::bind("[::1]:0").is_err() {
        return;
    }
    let server = TestServer::builder().jetstream(false).arg("--addr").arg("::").start().expect("a server");
    let uri = format!("nats://[::1]:{}", server.port());
    assert_eq!(connect(&uri, PATIENT).expect("a connection"), uri);
}

#[test]
fn a_server_that_is_not_there() {
    let port = free_port();
    let error = refusal(&format!("nats://u:s3cret@127.0.0.1:{port}"));
    assert_eq!(error.kind(), ErrorKind::Connect);
    let text = error.to_string();
    assert!(text.contains(&format!("nats://127.0.0.1:{port} (connection refused)")), "{text}");
    assert!(text.contains("connect_deadline") && !text.contains("s3cret"), "{text}");

    let error = refusal("nats://no-such-host.invalid");
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(error.to_string().contains("no-such-host.invalid"), "{error}");
}

#[test]
fn a_server_that_comes_late() {
    let mut server = server();
    server.stop();
    let url = server.url();
    let connecting = thread::spawn(move || connect(&url, PATIENT));
    server.restart().expect("a server");
    assert_eq!(connecting.join().expect("no panic").expect("a connection"), server.url());
}

#[test]
fn tls_against_a_plain_server() {
    let server = server();
    let start = Instant::now();
    let error = connect(&format!("tls://{}", server.host_port()), PATIENT).expect_err("no TLS there");
    assert!(start.elapsed() < Duration::from_secs(10), "no use in trying again");
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(error.to_string().contains("does not speak it"), "{error}");
}

#[test]
fn a_server_that_is_not_nats() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let _ = stream.write_all(b"220 mail.example ESMTP\r\n");
            // DatumKey open, as a mail server would.
            std::mem::forget(stream);
        }
    });
    let error = connect(&format!("nats://127.0.0.1:{port}"), PATIENT).expect_err("no NATS there");
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(error.to_string().contains("no NATS server"), "{error}");
}

#[test]
fn a_server_that_is_silent() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let error = refusal(&format!("nats://127.0.0.1:{port}"));
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(error.to_string().contains("no answer"), "{error}");
}

/// async-nats takes what is said until it has no more room, and then would wait for ever.
#[test]
fn what_is_said_over_a_connection_that_broke() {
    let mut server = server();
    let endpoint = NatsUri::parse(&server.url()).expect("a URI");
    let mut dialer = Dialer::new(endpoint, Options::new(), "test".into(), 64);
    runtime().expect("a runtime").block_on(async {
        let connection = dialer.first().await.expect("a connection");
        assert_eq!(connection.unless_lost(connection.client.flush()).await.map(|flushed| flushed.is_ok()), Some(true));
        server.stop();
        tokio::time::timeout(PATIENT, connection.lost()).await.expect("news of the break");
        let flood = async {
            loop {
                connection.client.publish("a", "".into()).await.expect("room");
            }
        };
        let said = tokio::time::timeout(PATIENT, connection.unless_lost(flood)).await;
        assert!(matches!(said, Ok(None::<()>)), "{said:?}");
    });
}

/// A port that nobody listens at.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}
