//! Servers that refuse the credentials or cannot be used, beside others, and for a while.

use super::*;
use crate::telemetry::capture::Log;
use pathway_testkit::DEADLINE;

/// Runs `body` with a log. tracing caches which log lines anybody wants, so a second subscriber is there, too.
fn logged<T>(body: impl FnOnce() -> T) -> (T, Vec<String>) {
    let log = Log::default();
    let _second = tracing::Dispatch::new(log.clone());
    let outcome = tracing::subscriber::with_default(log.clone(), body);
    (outcome, log.lines())
}

fn uri(servers: &[&str]) -> String {
    format!("nats://ada:sesame@{}", servers.join(","))
}

fn dialer(servers: &[&str], options: Options) -> Dialer {
    Dialer::new(NatsUri::parse(&uri(servers)).expect("a URI"), options, "test".into(), 64)
}

#[test]
fn servers_that_cannot_be_used_are_reported_and_skipped() {
    let (good, other) =
        (server_with_authorization("user: ada, password: sesame"), server_with_authorization("token: x"));
    let (no_nats, refuses) = (not_nats(), other.host_port());
    let servers = [&*no_nats, &refuses, &good.host_port()];
    let ((), lines) = logged(|| {
        for _ in 0..20 {
            assert_eq!(connect(&uri(&servers), LONG_DEADLINE).expect("a connection"), good.url());
        }
    });
    for part in [
        format!("WARN test: cannot connect to nats://{no_nats}: it is not a NATS server; this server is skipped"),
        format!(
            "WARN test: nats://{refuses} does not accept user `ada` (authorization violation); this server is skipped"
        ),
    ] {
        assert!(lines.contains(&part), "{part} is not in {lines:#?}");
    }
}

#[test]
fn a_start_fails_if_no_server_can_be_used_with_all_reasons() {
    let (refuses, no_nats) = (server_with_authorization("token: x"), not_nats());
    let start = Instant::now();
    let error = connect(&uri(&[&no_nats, &refuses.host_port()]), LONG_DEADLINE).expect_err("no server");
    assert!(start.elapsed() < Duration::from_secs(10), "retrying makes no sense");
    assert_eq!(error.kind(), ErrorKind::Authorization);
    for part in ["does not accept user `ada`", &*refuses.host_port(), "it is not a NATS server", &no_nats] {
        assert!(error.to_string().contains(part), "{part} is not in: {error}");
    }
}

/// A refusal is final, but one of the servers may still come up.
#[test]
fn a_start_waits_for_a_server_that_is_away_although_another_refuses() {
    let mut good = server_with_authorization("user: ada, password: sesame");
    let refuses = server_with_authorization("token: x");
    good.stop();
    let uri = uri(&[&good.host_port(), &refuses.host_port()]);
    let connecting = thread::spawn(move || connect(&uri, LONG_DEADLINE));
    wait_for("a refusal", || refuses.log().contains("authentication error"));
    good.restart().expect("a server");
    assert_eq!(connecting.join().expect("no panic").expect("a connection"), good.url());
    assert_eq!(refuses.log().matches("authentication error").count(), 1, "it is skipped");
}

/// The first server answers nothing.
#[test]
fn a_server_that_does_not_answer_leaves_the_others_time_to() {
    let (good, silent) = (server_with_authorization("user: ada, password: sesame"), silent());
    for _ in 0..6 {
        let connected = connect(&uri(&[&silent, &good.host_port()]), Duration::from_secs(2));
        assert_eq!(connected.expect("a connection"), good.url());
    }
}

#[test]
fn a_refusal_is_final_after_its_deadline_and_says_since_when() {
    const DEADLINE: Duration = Duration::from_millis(700);
    let mut server = server_with_authorization("user: ada, password: sesame");
    let mut dialer = dialer(&[&server.host_port()], Options::new().refusal_deadline(DEADLINE));
    runtime().expect("a runtime").block_on(async {
        dialer.connect(false).await.expect("a connection");
        server.set_config("authorization { token: x }").expect("a configuration");
        server.restart().expect("a server");
        let begin = Instant::now();
        let error = dialer.connect(true).await.map(drop).expect_err("a refusal");
        assert!(begin.elapsed() >= DEADLINE, "{:?}", begin.elapsed());
        assert_eq!(error.kind(), ErrorKind::Authorization);
        for part in ["does not accept user `ada`", "since 20", " UTC, for ", "`Options::refusal_deadline`"] {
            assert!(error.to_string().contains(part), "{part} is not in: {error}");
        }
        // Pauses double from 20 ms on.
        let attempts = server.log().matches("authentication error").count();
        assert!((2..=8).contains(&attempts), "{attempts}");
    });
}

#[test]
fn a_server_that_accepts_the_credentials_again_is_used() {
    let mut server = server_with_authorization("user: ada, password: sesame");
    let mut dialer = dialer(&[&server.host_port()], Options::new().refusal_deadline(DEADLINE));
    runtime().expect("a runtime").block_on(dialer.connect(false)).expect("a connection");
    server.set_config("authorization { token: x }").expect("a configuration");
    server.restart().expect("a server");
    let reconnecting =
        thread::spawn(move || runtime().expect("a runtime").block_on(async { dialer.connect(true).await.map(drop) }));
    wait_for("refusals", || server.log().matches("authentication error").count() >= 4);
    server.set_config("authorization { user: ada, password: sesame }").expect("a configuration");
    server.restart().expect("a server");
    reconnecting.join().expect("no panic").expect("a connection");
}

/// The other server is away for longer than the deadline; it does not refuse us.
#[test]
fn one_servers_refusal_is_not_that_of_all() {
    let (mut good, mut other) = (server_with_authorization("user: ada, password: sesame"), server());
    let options = Options::new().refusal_deadline(Duration::ZERO);
    let mut dialer = dialer(&[&good.host_port(), &other.host_port()], options);
    runtime().expect("a runtime").block_on(dialer.connect(false)).expect("a connection");
    good.stop();
    other.set_config("authorization { token: x }").expect("a configuration");
    other.restart().expect("a server");
    let reconnecting = thread::spawn(move || {
        runtime().expect("a runtime").block_on(async { dialer.connect(true).await.map(|connection| connection.server) })
    });
    wait_for("refusals", || other.log().matches("authentication error").count() >= 4);
    good.restart().expect("a server");
    assert_eq!(reconnecting.join().expect("no panic").expect("a connection").to_string(), good.url());
}
