//! A pipeline whose user may not answer runs as if it had no service.

use std::time::Duration;

use async_nats::ConnectOptions;
use futures_util::StreamExt;
use pathway::nats::Options;
use pathway_testkit::Server;
use serde_json::Value;
use tokio::time::timeout;

use super::support::{Micro, copy_with};
use crate::delivery::child::Child;
use crate::logs::LOGS;
use crate::support::{stop, value, wait_for};

/// How long a sum may take before another message is published.
const SOON: Duration = Duration::from_millis(50);

/// A server on which the user `svc` has these permissions, and everybody else has all.
fn server(permissions: &str) -> Server {
    let config = format!(
        "accounts {{ A {{ users: [{{ user: admin, password: p }}, \
         {{ user: svc, password: p, permissions: {permissions} }}] }} }}\nno_auth_user: admin"
    );
    Server::builder().jetstream(false).config(&config).start().expect("a server")
}

fn uri(server: &Server) -> String {
    format!("nats://svc:p@{}", server.host_port())
}

/// Runs a pipeline in a process of its own, which must say nothing, and another one in this process, which must count nothing.
///
/// `has_service`: whether the service goes on. Otherwise, its thread ends.
fn runs_silently(server: &Server, micro: &Micro, has_service: bool, ask: impl Fn(&str)) {
    let running = copy_with("here", &uri(server), &Options::new()).start().expect("a running pipeline");
    let child = Child::start("sum", &uri(server), &[]);
    micro.publish("orders", (1..=3).map(value));
    wait_for("the copies", || running.stats().sinks[0].published == 3);
    ask("here");
    let stats = running.stats();
    let (source, sink) = (&stats.sources[0], &stats.sinks[0]);
    assert_eq!((source.reconnects, source.rejected, source.dropped), (0, 0, 0));
    assert_eq!((sink.reconnects, sink.rejected, sink.republished), (0, 0, 0));
    let mut sums = micro.runtime.block_on(micro.client.subscribe("sum")).expect("a subscription");
    let mut is_summed = || {
        micro.publish("connector_example", [value(1)]);
        micro.runtime.block_on(async { timeout(SOON, sums.next()).await.is_ok() })
    };
    wait_for("a sum", &mut is_summed);
    wait_for("the service goes on, or ends", || child.has_thread("pathway-micro") == has_service);
    ask(&child_name());
    // The pipeline goes on.
    assert!(is_summed());
    stop(running);
    child.signal("TERM");
    let (status, said) = child.end();
    assert!(status.success(), "{status}: {said}");
    // A program that only runs a pipeline says what it does, and nothing of its service.
    assert!(said.lines().all(|line| line.starts_with("pathway: info: ") && !line.contains("micro")), "{said}");
}

/// The name of the service of a child process: that of this binary.
fn child_name() -> String {
    let program = std::env::current_exe().expect("this binary");
    let name = program.file_stem().expect("a name").to_string_lossy().into_owned();
    name.replace(|character: char| !character.is_ascii_alphanumeric() && character != '-', "_")
}

fn violations(server: &Server) -> usize {
    server.log().matches("Violation").count()
}

#[test]
fn a_user_who_may_not_subscribe_gets_no_service_and_no_complaints() {
    let server = server(r#"{ subscribe: { deny: "$SRV.>" } }"#);
    let micro = Micro::new(&server.url());
    runs_silently(&server, &micro, false, |name| {
        wait_for("a refusal", || violations(&server) > 0);
        assert!(micro.is_unknown(&format!("$SRV.PING.{name}")));
    });
    assert_eq!(violations(&server), 2, "{}", server.log());
}

/// Only some of the subjects: the others are answered.
#[test]
fn a_user_who_may_subscribe_to_a_part_gives_the_answers_that_it_may() {
    let server = server(r#"{ subscribe: { deny: ["$SRV.INFO", "$SRV.INFO.>"] } }"#);
    let micro = Micro::new(&server.url());
    runs_silently(&server, &micro, true, |name| {
        assert_eq!(micro.ask(&format!("$SRV.STATS.{name}"))["name"], name);
        assert!(micro.is_unknown(&format!("$SRV.INFO.{name}")));
    });
    wait_for("the refusals", || violations(&server) == 2 * 3);
}

/// Those whose inboxes it may not use get no answers, and others do. The server refuses once what is asked again and again.
#[test]
fn a_user_who_may_not_publish_answers_nobody_and_complains_about_nothing() {
    let server = server(r#"{ publish: { deny: "CLIENT.>" } }"#);
    let micro = Micro::with(&server.url(), ConnectOptions::new().custom_inbox_prefix("CLIENT"));
    let other = Micro::new(&server.url());
    runs_silently(&server, &micro, true, |name| {
        other.ask(&format!("$SRV.STATS.{name}"));
        for _ in 0..3 {
            assert!(micro.ask_once(&format!("$SRV.PING.{name}")).is_none());
        }
        assert_eq!(other.ask(&format!("$SRV.PING.{name}"))["name"], name);
    });
    assert_eq!(violations(&server), 2, "{}", server.log());
}

#[test]
fn the_right_to_respond_is_enough() {
    let server = server(
        r#"{ publish: ["copies", "sum", "_INBOX.>"], subscribe: ["orders", "connector_example", "$SRV.>", "_INBOX.>"],
             allow_responses: true }"#,
    );
    let micro = Micro::with(&server.url(), ConnectOptions::new().custom_inbox_prefix("CLIENT"));
    runs_silently(&server, &micro, true, |name| {
        for verb in ["PING", "INFO", "STATS"] {
            assert_eq!(micro.ask(&format!("$SRV.{verb}.{name}"))["name"], name);
        }
    });
    assert_eq!(violations(&server), 0, "{}", server.log());
}

/// A server may allow so few subscriptions that there is none for the service.
#[test]
fn a_server_that_allows_few_subscriptions_gets_no_complaints() {
    let server = Server::builder().jetstream(false).config("max_subscriptions: 3").start().expect("a server");
    let micro = Micro::new(&server.url());
    let running = copy_with("here", &server.url(), &Options::new()).start().expect("a running pipeline");
    assert_eq!(micro.ask("$SRV.PING")["name"], "here");
    micro.publish("orders", (1..=3).map(value));
    wait_for("the copies", || running.stats().sinks[0].published == 3);
    assert_eq!((running.stats().sources[0].reconnects, running.stats().sinks[0].reconnects), (0, 0));
    stop(running);
}

#[test]
fn what_is_missing_is_logged_at_the_level_debug() {
    let server = server(r#"{ subscribe: { deny: "$SRV.>" } }"#);
    let child = Child::start("sum", &uri(&server), &[(LOGS, "pathway=debug")]);
    wait_for("the line", || child.said().contains("`nats micro` gets no answers"));
    child.signal("TERM");
    let (status, said) = child.end();
    assert!(status.success(), "{said}");
    let lines = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let (micro, others): (Vec<_>, Vec<_>) = lines.partition(|line| line.to_string().contains("nats micro"));
    assert!(others.iter().all(|line| line["level"] != "WARN" && line["level"] != "ERROR"), "{said}");
    assert_eq!(micro.len(), 1, "{said}");
    let message = micro[0]["fields"]["message"].as_str().expect("a message");
    assert_eq!(micro[0]["level"], "DEBUG");
    assert!(message.contains("does not allow user `svc` to subscribe to `$SRV.PING`"), "{message}");
    assert_eq!(micro[0]["span"]["name"], "pipeline");
}
