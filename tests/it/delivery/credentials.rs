//! Credentials in the URI: taken, or refused without being told to others.

use async_nats::ConnectOptions;

use super::support::{Client, Witness, realtime_sum, value};
use pathway::ErrorKind;
use pathway_testkit::Server;

fn guarded(authorization: &str) -> Server {
    let server = Server::builder().jetstream(false).config(&format!("authorization {{ {authorization} }}"));
    server.start().expect("a server")
}

fn sums_with(identity: &str, server: &Server, options: &ConnectOptions) {
    let client = || Client::with(&server.url(), options.clone());
    let mut witness = Witness::of(client(), "sum");
    let running =
        realtime_sum(&format!("nats://{identity}@{}", server.host_port())).start().expect("a running pipeline");
    client().publish("connector_example", (0..10).map(value));
    witness.wait_for_sum(45);
    running.stop();
    running.join().expect("an orderly end");
}

#[test]
fn user_and_password_are_used() {
    let server = guarded("user: ada, password: \"open sesame\"");
    let options = ConnectOptions::with_user_and_password("ada".to_owned(), "open sesame".to_owned());
    sums_with("ada:open%20sesame", &server, &options);
}

#[test]
fn a_token_is_used() {
    let server = guarded("token: sesame");
    sums_with("sesame", &server, &ConnectOptions::with_token("sesame".to_owned()));
}

#[test]
fn a_wrong_password_is_refused_and_not_shown() {
    let server = guarded("user: ada, password: sesame");
    let refused = |identity: &str| {
        let uri = format!("nats://{identity}{}", server.host_port());
        let error = realtime_sum(&uri).start().map(drop).expect_err("a refusal");
        assert_eq!(error.kind(), ErrorKind::Authorization, "{error}");
        error.to_string()
    };
    let message = refused("ada:simsalabim@");
    assert!(message.contains(&server.host_port()) && !message.contains("simsalabim"), "{message}");
    let message = refused("simsalabim@");
    assert!(!message.contains("simsalabim"), "{message}");
    let message = refused("");
    assert!(message.contains("nats://user:password@host"), "{message}");
}
