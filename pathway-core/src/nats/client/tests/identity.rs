//! Credentials from options, the URI and the environment; nkeys and credentials files; and that no secret is shown.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pathway_testkit::{Authority, Nkey, Operator, Server};
use tracing::field::{Field, Visit};
use tracing::span;

use super::{LONG_DEADLINE, connect_with, runtime};
use crate::data::{ErrorKind, Result};
use crate::nats::client::Dialer;
use crate::nats::client::support::server_with_authorization;
use crate::nats::client::{Credentials, NatsUri, Options};

fn options() -> Options {
    Options::new().connect_deadline(LONG_DEADLINE)
}

/// A file that is removed on drop, with the folder of an authority that is created for it.
struct File {
    path: PathBuf,
    _folder: Authority,
}

fn file(text: &str) -> File {
    let folder = Authority::new().expect("a folder");
    let path = folder.certificate().with_file_name("identity");
    fs::write(&path, text).expect("a file");
    File { path, _folder: folder }
}

#[test]
fn an_nkey_authenticates() {
    let nkey = Nkey::user().expect("an nkey");
    let server = server_with_authorization(&format!("users: [{{ nkey: {} }}]", nkey.public));
    connect_with(&server.url(), options().nkey(&nkey.seed)).expect("a connection");
    let file = file(&format!("# the seed\n  {}\n", nkey.seed));
    connect_with(&server.url(), options().nkey_file(&file.path)).expect("a connection");

    let other = Nkey::user().expect("an nkey");
    let error = connect_with(&server.url(), options().nkey(&other.seed)).expect_err("another user");
    assert_eq!(error.kind(), ErrorKind::Authorization);
    assert!(error.to_string().contains("does not accept an nkey"), "{error}");
}

#[test]
fn a_credentials_file_authenticates() {
    let operator = Operator::new().expect("an operator");
    let server = Server::builder().jetstream(false).config(operator.config()).start().expect("a server");
    let text = operator.credentials("ada", "{}").expect("credentials");
    connect_with(&server.url(), options().credentials_text(&text)).expect("a connection");
    let file = file(&text);
    connect_with(&server.url(), options().credentials_file(&file.path)).expect("a connection");

    let other = Operator::new().expect("an operator").credentials("eve", "{}").expect("credentials");
    let error = connect_with(&server.url(), options().credentials_text(&other)).expect_err("another operator");
    assert_eq!(error.kind(), ErrorKind::Authorization);
    let error = connect_with(&server.url(), options()).expect_err("nobody");
    assert!(error.to_string().contains("`nats::Options`"), "{error}");
}

/// The credentials file is replaced while the pipeline runs.
#[test]
fn each_connection_reads_the_credentials_file() {
    let operators = [Operator::new().expect("an operator"), Operator::new().expect("an operator")];
    let mut server = Server::builder().jetstream(false).config(operators[0].config()).start().expect("a server");
    let file = file(&operators[0].credentials("ada", "{}").expect("credentials"));
    let uri = NatsUri::parse(&server.url()).expect("a URI");
    let options = options().credentials_file(&file.path).refusal_deadline(Duration::from_millis(100));
    let mut dialer = Dialer::new(uri, options, "test".into(), 64);
    runtime().expect("a runtime").block_on(async {
        dialer.connect(false).await.expect("a connection");
        server.set_config(operators[1].config()).expect("a configuration");
        server.restart().expect("a server");
        fs::write(&file.path, operators[1].credentials("ada", "{}").expect("credentials")).expect("a file");
        dialer.connect(true).await.expect("a connection");
        fs::write(&file.path, operators[0].credentials("ada", "{}").expect("credentials")).expect("a file");
        let error = dialer.connect(true).await.map(drop).expect_err("the old credentials");
        assert_eq!(error.kind(), ErrorKind::Authorization);
    });
}

#[test]
fn a_method_overrides_the_uri_and_the_uri_overrides_the_environment() {
    let user = |name: &str| Some(Credentials::User { name: name.into(), password: "p".into() });
    let who = |uri: &str, options: Options| NatsUri::parse(uri).expect("a URI").with(&options).credentials;
    let environment = Options { fallback: user("environment"), ..Options::new() };
    assert_eq!(who("nats://h", environment.clone()), user("environment"));
    assert_eq!(who("nats://uri:p@h", environment.clone()), user("uri"));
    assert_eq!(who("nats://uri:p@h", environment.user_and_password("method", "p")), user("method"));

    let server = server_with_authorization("user: method, password: p");
    let uri = format!("nats://uri:p@{}", server.host_port());
    connect_with(&uri, options().user_and_password("method", "p")).expect("a connection");
    connect_with(&uri, options()).expect_err("another user");
    let server = server_with_authorization("token: t0ken");
    connect_with(&server.url(), options().token("t0ken")).expect("a connection");
}

#[test]
fn invalid_credentials_are_errors() {
    let account = "SAANJIBNEKGCRUWJCPIWUXFBFJLR36FJTFKGBGKAT7AQXH2LVFNQWZJMQU";
    let file = file("s3cret");
    let missing = PathBuf::from("no-such-file.creds");
    for (options, parts) in [
        (options().nkey("s3cret"), ["an nkey cannot be used", "begins with SU"]),
        (options().nkey("SUs3cret"), ["an nkey cannot be used", "begins with SU"]),
        (options().nkey(account), ["an nkey cannot be used", "begins with SU"]),
        (options().nkey_file(&missing), ["the nkey file `no-such-file.creds`", "cannot be read"]),
        (options().nkey_file(&file.path), ["the nkey file", "begins with SU"]),
        (options().credentials_file(&missing), ["the credentials file `no-such-file.creds`", "cannot be read"]),
        (options().credentials_file(&file.path), ["the credentials file", "a user's JWT"]),
        (options().credentials_text("s3cret"), ["the text of a credentials file", "a user's JWT"]),
    ] {
        // There is no server at this address.
        let error = connect_with("nats://127.0.0.1:1", options.clone()).expect_err("no identity");
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        for part in parts {
            assert!(error.to_string().contains(part), "{part} is not in: {error}");
        }
        assert!(!format!("{error} {error:?} {options:?}").contains("s3cret"), "{error}");
    }
}

/// Captures all log lines, ours and those of async-nats, while connections are opened and refused.
#[test]
fn no_secret_is_shown() {
    let operator = Operator::new().expect("an operator");
    let text = operator.credentials("ada", "{}").expect("credentials");
    let nkey = Nkey::user().expect("an nkey");
    let lines: Vec<&str> = text.lines().filter(|line| line.len() > 50).collect();
    let secrets = [lines.as_slice(), &[nkey.seed.as_str(), "passw0rd", "t0ken"]].concat();
    let log = Log::default();
    let mut shown = String::new();
    // With only one subscriber, tracing caches whether the first thread that logs a message has one: perhaps another test's.
    let _second = tracing::Dispatch::new(log.clone());
    tracing::subscriber::with_default(log.clone(), || {
        let servers = [
            server_with_authorization("user: u, password: passw0rd"),
            server_with_authorization("token: t0ken"),
            server_with_authorization(&format!("users: [{{ nkey: {} }}]", nkey.public)),
            Server::builder().jetstream(false).config(operator.config()).start().expect("a server"),
        ];
        let identities = [
            options().user_and_password("u", "passw0rd"),
            options().token("t0ken"),
            options().nkey(&nkey.seed),
            options().credentials_text(&text),
        ];
        let mut outcomes: Vec<Result<String>> = Vec::new();
        for server in &servers {
            for options in &identities {
                write!(shown, "{options:?}").expect("a string");
                outcomes.push(connect_with(&server.url(), options.clone()));
            }
        }
        let away = options().token("t0ken").connect_deadline(Duration::from_millis(50));
        outcomes.push(connect_with("nats://127.0.0.1:1", away));
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 4);
        for error in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
            write!(shown, "{error} {error:?}").expect("a string");
        }
    });
    let log = log.0.lock().expect("no panic").clone();
    assert!(log.contains("cannot reach") && log.contains("attempting connection"), "{log}");
    for secret in secrets {
        assert!(!shown.contains(secret) && !log.contains(secret), "{secret} is shown");
    }
}

/// A tracing subscriber that keeps all fields of all events.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl tracing::Subscriber for Log {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        attributes.record(&mut Fields(&self.0));
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut Fields(&self.0));
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut Fields(&self.0));
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Fields<'a>(&'a Mutex<String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let mut log = self.0.lock().expect("no panic");
        writeln!(log, "{field}={value:?}").expect("a string");
    }
}
