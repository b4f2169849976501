//! What a server sends outside of an answer: refused connections and commands, and reasons why it ends a connection.

use std::future::poll_fn;
use std::sync::mpsc;

use super::*;
use crate::nats::client::support::with_client;
use crate::telemetry::capture::Log;
use pathway_testkit::DEADLINE;

fn server_with(config: &str) -> TestServer {
    TestServer::builder().jetstream(false).config(config).start().expect("a server")
}

/// Opens a connection, and closes it when the sender is dropped.
fn hold(uri: &str) -> mpsc::Sender<()> {
    let (sender, dropped) = mpsc::channel();
    let (ready, is_ready) = mpsc::channel();
    let mut dialer = Dialer::new(NatsUri::parse(uri).expect("a URI"), Options::new(), "holder".into(), 64);
    thread::spawn(move || {
        let runtime = runtime().expect("a runtime");
        let connection = runtime.block_on(dialer.connect(false)).expect("a connection");
        ready.send(()).expect("the test");
        let _ = dropped.recv();
        drop(connection);
    });
    is_ready.recv().expect("a connection");
    sender
}

/// Runs `work` with a connection.
fn with_connection<T>(server: &TestServer, work: impl AsyncFnOnce(&mut Connection) -> T) -> T {
    let uri = NatsUri::parse(&server.url()).expect("a URI");
    let mut dialer = Dialer::new(uri, Options::new(), "test".into(), 64);
    runtime().expect("a runtime").block_on(async {
        let mut connection = dialer.connect(false).await.expect("a connection");
        tokio::time::timeout(DEADLINE, work(&mut connection)).await.expect("in time")
    })
}

#[test]
fn a_server_without_room_for_a_connection_is_an_error_with_the_cure() {
    for (config, cure) in [
        ("max_connections: 1", "raise its `max_connections`"),
        (
            "accounts { A { users: [{ user: a, password: p }], limits: { max_connections: 1 } } }\nno_auth_user: a",
            "raise its limit of connections",
        ),
    ] {
        let server = server_with(config);
        let first = hold(&server.url());
        let begin = Instant::now();
        let error = connect(&server.url(), Duration::from_millis(700)).expect_err(cure);
        assert!(begin.elapsed() >= Duration::from_millis(300), "another client may leave");
        assert_eq!(error.kind(), ErrorKind::Connect);
        let text = error.to_string();
        assert!(text.contains(cure) && text.contains("connect_deadline"), "{text}");
        assert!(!text.contains("start the server") && !text.contains("nats: "), "{text}");
        let uri = server.url();
        let waiting = thread::spawn(move || connect(&uri, LONG_DEADLINE));
        drop(first);
        waiting.join().expect("no panic").expect("a connection, once the other one has left");
    }
}

#[test]
fn a_port_for_other_servers_is_an_error_with_the_cure() {
    let ports = [free_port(), free_port()];
    let server = server_with(&format!(
        "cluster {{ name: c, listen: \"127.0.0.1:{}\" }}\nleafnodes {{ listen: \"127.0.0.1:{}\" }}",
        ports[0], ports[1]
    ));
    for port in ports {
        let begin = Instant::now();
        let error = connect(&format!("nats://127.0.0.1:{port}"), LONG_DEADLINE).expect_err("a wrong port");
        assert!(begin.elapsed() < Duration::from_secs(10), "retrying makes no sense: {error}");
        assert!(error.to_string().contains("correct the port"), "{error}");
    }
    drop(server);
}

#[test]
fn a_server_without_headers_is_an_error_with_the_cure() {
    let error = connect_error(&server_with("no_header_support: true").url());
    assert!(error.to_string().contains("remove `no_header_support`"), "{error}");
}

#[test]
fn a_connection_that_the_server_ends_has_a_reason() {
    let server = server_with("max_control_line: 1024");
    let reason = with_connection(&server, async |connection| {
        connection.client.publish("x".repeat(2000), "".into()).await.expect("a publication");
        connection.lost().await;
        connection.loss_reason().await
    });
    let reason = reason.expect("a reason");
    assert!(reason.contains("maximum control line exceeded") && reason.contains("raise"), "{reason}");
}

fn users(password: &str) -> String {
    format!("authorization {{ users: [{{ user: ada, password: {password} }}, {{ user: bob, password: p }}] }}")
}

/// The user's password is changed while the pipeline runs.
#[test]
fn a_user_who_is_not_accepted_any_more_ends_the_connection_with_a_reason() {
    let mut server = server_with(&users("sesame"));
    let uri = NatsUri::parse(&format!("nats://ada:sesame@{}", server.host_port())).expect("a URI");
    let options = Options::new().refusal_deadline(Duration::from_millis(100));
    let mut dialer = Dialer::new(uri, options, "test".into(), 64);
    runtime().expect("a runtime").block_on(async {
        let connection = dialer.connect(false).await.expect("a connection");
        server.set_config(&users("other")).expect("a configuration");
        server.reload().expect("a reload");
        connection.lost().await;
        let reason = connection.loss_reason().await.expect("a reason");
        assert!(reason.to_lowercase().contains("authorization violation"), "{reason}");
        dialer.connection_lost(&connection.server, Duration::ZERO, Some(&reason));
        let error = dialer.connect(true).await.map(drop).expect_err("a refusal");
        assert_eq!(error.kind(), ErrorKind::Authorization);
        assert!(error.to_string().contains("does not accept user `ada`"), "{error}");
    });
}

/// The server neither closes the connection nor answers.
#[test]
fn refused_commands_are_permission_errors() {
    let server = server_with("max_subscriptions: 1");
    with_connection(&server, async |connection| {
        let _first = connection.client.subscribe("a").await.expect("a subscription");
        let _second = connection.client.subscribe("b").await.expect("a subscription");
        let denied = poll_fn(|cx| connection.poll_permission_error(cx)).await;
        assert_eq!(denied, PermissionError::TooManySubscriptions);
    });
    let server = server_with("max_subscription_tokens: 3");
    with_connection(&server, async |connection| {
        let _refused = connection.client.subscribe("a.b.c.d").await.expect("a subscription");
        let denied = poll_fn(|cx| connection.poll_permission_error(cx)).await;
        assert_eq!(denied, PermissionError::SubscribeDenied("a.b.c.d".to_owned()));
        connection.client.publish_with_reply("a", "_R_.x", "".into()).await.expect("a publication");
        let denied = poll_fn(|cx| connection.poll_permission_error(cx)).await;
        assert_eq!(denied, PermissionError::ReplyDenied("_R_.x".to_owned()));
        let text = connection.permission_denied(&denied).to_string();
        assert!(text.contains("does not allow") && text.contains("ask for answers on `_R_.x`"), "{text}");
    });
}

/// A server that accepts a connection and closes it, again and again.
#[test]
fn a_connection_that_breaks_again_and_again_does_not_fill_the_log() {
    let log = Log::default();
    let _second = tracing::Dispatch::new(log.clone());
    tracing::subscriber::with_default(log.clone(), || {
        let server = server_with("");
        let mut work = Flapping { left: 200 };
        let mut dialer = Dialer::new(NatsUri::parse(&server.url()).expect("a URI"), Options::new(), "test".into(), 64);
        dialer.break_explained();
        Supervisor::new(dialer, Box::new(|| {}), &Default::default()).run(&mut work).expect("an end");
        with_client(&server.url(), async |_| ());
    });
    let lines = log.lines();
    let losses = lines.iter().filter(|line| line.contains("broke")).count();
    assert!((10..30).contains(&losses) && lines.iter().any(|line| line.contains("more like it")), "{lines:#?}");
    let returns = lines.iter().filter(|line| line.contains("is back after")).count();
    assert!((10..30).contains(&returns), "{lines:#?}");
}

/// A source whose connection breaks as soon as it is open.
struct Flapping {
    left: usize,
}

impl Supervised for Flapping {
    async fn run_session(
        &mut self,
        connection: &mut Connection,
        supervisor: &mut Supervisor<'_>,
    ) -> std::result::Result<(), SessionEnd> {
        if let Some(outage) = supervisor.established(connection) {
            supervisor.report_return(format_args!("{outage}"));
        }
        self.left -= 1;
        supervisor.break_explained();
        if self.left == 0 { Ok(()) } else { Err(SessionEnd::ConnectionLost) }
    }

    async fn while_disconnected(&mut self, _: bool) -> Result<()> {
        std::future::pending().await
    }

    fn connection_lost(&mut self, server: &Server) -> Loss {
        Loss {
            level: crate::telemetry::Level::Warn,
            what: format!("the connection to {server} broke"),
            next: "reconnecting",
        }
    }
}
