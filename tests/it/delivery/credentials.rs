//! Credentials are accepted or rejected, and never appear in errors.

use std::time::Duration;

use async_nats::ConnectOptions;

use super::support::{Client, Observer, realtime_sum, sum_with};
use crate::support::{assert_error, join, stop, value, wait_for};
use pathway::ErrorKind;
use pathway::nats::Options;
use pathway_testkit::{Authority, Nkey, Operator, Server};

fn guarded(authorization: &str) -> Server {
    let server = Server::builder().jetstream(false).config(&format!("authorization {{ {authorization} }}"));
    server.start().expect("a server")
}

fn sums_with(identity: &str, server: &Server, options: &ConnectOptions) {
    let client = || Client::with(&server.url(), options.clone());
    let mut observer = Observer::of(client(), "sum");
    let running =
        realtime_sum(&format!("nats://{identity}@{}", server.host_port())).start().expect("a running pipeline");
    client().publish("connector_example", (0..10).map(value));
    observer.wait_for_sum(45);
    stop(running);
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
fn a_wrong_password_is_rejected_and_not_shown() {
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

#[test]
fn a_user_with_a_credentials_file_reads_and_writes() {
    let operator = Operator::new().expect("an operator");
    let server = Server::builder().config(operator.config()).start().expect("a server");
    let text = operator.credentials("ada", "{}").expect("credentials");
    let client = || Client::with(&server.url(), ConnectOptions::with_credentials(&text).expect("credentials"));
    let mut observer = Observer::of(client(), "sum");
    let options = Options::new().credentials_text(&text);
    let running = sum_with(&server.url(), &options).start().expect("a running pipeline");
    client().publish("connector_example", (0..10).map(value));
    observer.wait_for_sum(45);
    stop(running);
}

#[test]
fn a_missing_permission_to_publish_ends_the_pipeline() {
    let operator = Operator::new().expect("an operator");
    let server = Server::builder().config(operator.config()).start().expect("a server");
    let text = operator.credentials("ada", r#"{"deny": ["sum"]}"#).expect("credentials");
    let options = Options::new().credentials_text(&text);
    let running = sum_with(&server.url(), &options).start().expect("a running pipeline");
    let client = Client::with(&server.url(), ConnectOptions::with_credentials(&text).expect("credentials"));
    client.publish("connector_example", (0..10).map(value));
    let error = join(running).expect_err("no permission");
    assert_eq!(error.kind(), ErrorKind::Authorization);
    let message = error.to_string();
    assert!(message.contains("does not allow the text of a credentials file to publish on `sum`"), "{message}");
    assert!(message.ends_with(": allow the user to publish on `sum`"), "{message}");
    assert!(text.lines().filter(|line| line.len() > 50).all(|secret| !message.contains(secret)), "{message}");
}

/// The server comes back without the user for a moment.
#[test]
fn a_server_that_knows_the_user_again_is_used() {
    let config = |user: &str| format!("authorization {{ user: {user}, password: sesame }}");
    let mut server = guarded("user: ada, password: sesame");
    let running =
        realtime_sum(&format!("nats://ada:sesame@{}", server.host_port())).start().expect("a running pipeline");
    server.set_config(&config("eve")).expect("a configuration");
    server.restart().expect("a server");
    wait_for("refusals", || server.log().matches("authentication error").count() >= 6);
    server.set_config(&config("ada")).expect("a configuration");
    server.restart().expect("a server");
    let identity = || ConnectOptions::with_user_and_password("ada".to_owned(), "sesame".to_owned());
    let mut observer = Observer::of(Client::with(&server.url(), identity()), "sum");
    wait_for("both ends are back", || {
        let stats = running.stats();
        stats.sources[0].reconnects == 1 && stats.sinks[0].reconnects == 1
    });
    Client::with(&server.url(), identity()).publish("connector_example", (0..10).map(value));
    observer.wait_for_sum(45);
    stop(running);
}

/// The file is renewed some time after the server has closed the connections.
#[test]
fn credentials_that_are_renewed_after_they_expired_are_used() {
    let operator = Operator::new().expect("an operator");
    let server = Server::builder().jetstream(false).config(operator.config()).start().expect("a server");
    let text = operator.credentials("eve", "{}").expect("credentials");
    let client = || Client::with(&server.url(), ConnectOptions::with_credentials(&text).expect("credentials"));
    let mut observer = Observer::of(client(), "sum");
    let folder = Authority::new().expect("a folder");
    let file = folder.certificate().with_file_name("ada.creds");
    std::fs::write(&file, operator.expiring_credentials("ada", "{}", 2).expect("credentials")).expect("a file");
    let running = sum_with(&server.url(), &Options::new().credentials_file(&file)).start().expect("a running pipeline");
    let refusals = || server.log().matches("authentication error").count();
    wait_for("refusals", || refusals() >= 8);
    let expirations = server.log().matches("xpired").count();
    assert!(expirations < 30, "without pauses, {expirations} times:\n{}", server.log());
    std::fs::write(&file, operator.credentials("ada", "{}").expect("credentials")).expect("a file");
    wait_for("both ends are back", || {
        let stats = running.stats();
        stats.sources[0].reconnects >= 1 && stats.sinks[0].reconnects >= 1
    });
    wait_for("the sum of a message", || {
        client().publish("connector_example", [value(1)]);
        observer.sees_soon()
    });
    stop(running);
}

/// The user may use only inboxes that begin with a prefix of its own.
#[test]
fn an_inbox_prefix_is_enough_to_confirm_and_to_stop() {
    let permissions = r#"publish: ["sum", "_INBOX_svc.>"], subscribe: ["connector_example", "_INBOX_svc.>"]"#;
    let server = guarded(&format!(
        r#"users: [{{user: svc, password: p, permissions: {{{permissions}}}}}, {{user: all, password: p}}]"#
    ));
    let all = || ConnectOptions::with_user_and_password("all".to_owned(), "p".to_owned());
    let mut observer = Observer::of(Client::with(&server.url(), all()), "sum");
    let options = Options::new().user_and_password("svc", "p").inbox_prefix("_INBOX_svc");
    let pipeline = sum_with(&server.url(), &options).nats_service(false);
    let running = pipeline.start().expect("a running pipeline");
    Client::with(&server.url(), all()).publish("connector_example", (0..10).map(value));
    observer.wait_for_sum(45);
    wait_for("all is confirmed", || {
        let sink = &running.stats().sinks[0];
        sink.published == sink.queued
    });
    stop(running);
    assert!(!server.log().contains("Violation"), "{}", server.log());
    let error = sum_with(&server.url(), &options.inbox_prefix("a b")).start().map(drop).expect_err("an invalid prefix");
    assert_error(&error, ErrorKind::Config, &["`Options::inbox_prefix`"]);
}

/// A pipeline that can never reconnect ends with an error instead of waiting forever.
#[test]
fn credentials_rejected_after_a_restart_end_the_pipeline() {
    let nkeys = [Nkey::user().expect("an nkey"), Nkey::user().expect("an nkey")];
    let config = |nkey: &Nkey| format!("authorization {{ users: [{{ nkey: {} }}] }}", nkey.public);
    let mut server = Server::builder().jetstream(false).config(&config(&nkeys[0])).start().expect("a server");
    let options = Options::new().nkey(&nkeys[0].seed).refusal_deadline(Duration::from_millis(500));
    let running = sum_with(&server.url(), &options).start().expect("a running pipeline");
    // After the first restart the users are the same.
    server.restart().expect("a server");
    wait_for("both ends are back", || {
        let stats = running.stats();
        stats.sources[0].reconnects == 1 && stats.sinks[0].reconnects == 1
    });
    server.set_config(&config(&nkeys[1])).expect("a configuration");
    server.restart().expect("a server");
    let error = join(running).expect_err("another user");
    assert_error(&error, ErrorKind::Authorization, &["does not accept an nkey", "since 20", " UTC, for "]);
}
