//! Headers, subjects, payloads and dead letters on a real server.

use std::io::Write;
use std::net::TcpStream;

use super::support::{Client, Observer, server, text};
use crate::support::{join, stop, wait_for};
use async_nats::Message;
use pathway::prelude::*;
use pathway_testkit::Server;

#[derive(Schema)]
struct Order {
    #[schema(subject_token = 2)]
    region: String,
    #[schema(header = "pathway_time")]
    stamp: Option<u64>,
    name: String,
}

#[derive(Schema)]
struct Text {
    text: String,
}

fn header(message: &Message, name: &str) -> Option<String> {
    message.headers.as_ref()?.get(name).map(ToString::to_string)
}

/// The JSON of a text of this length.
fn large(length: usize) -> String {
    format!(r#"{{"text":"{}"}}"#, "x".repeat(length))
}

#[test]
fn headers_and_subjects_are_read_and_written() {
    let server = server();
    let mut observer = Observer::new(&server.url(), "out.>");
    let first = Pipeline::new();
    let texts = nats::read(&first, server.url(), "texts").json::<Text>();
    nats::write(&texts, server.url(), "").subject(|row| format!("orders.{}", row.text)).plaintext_of(|row| &row.text);
    let second = Pipeline::new();
    let orders = nats::read(&second, server.url(), "orders.*").plaintext_as::<Order>();
    nats::write(&orders, server.url(), "")
        .subject(|row| format!("out.{}", row.region))
        .header("name", |row| row.name.clone())
        .header("stamped", |row| row.stamp.is_some())
        .json();
    let running = [second, first].map(|pipeline| pipeline.start().expect("a running pipeline"));
    Client::new(&server.url()).publish("texts", ["eu", "us"].map(|region| format!(r#"{{"text":"{region}"}}"#)));
    observer.wait_for("the second order", |message| &*message.subject == "out.us");
    for (message, region) in observer.seen().iter().zip(["eu", "us"]) {
        assert_eq!(&*message.subject, format!("out.{region}"));
        assert_eq!(header(message, "name").as_deref(), Some(region));
        assert_eq!(header(message, "stamped").as_deref(), Some("True"));
        assert!(text(message).starts_with(&format!(r#"{{"region":"{region}","stamp":1"#)), "{}", text(message));
    }
    for running in running {
        stop(running);
    }
}

#[test]
fn undecodable_messages_become_dead_letters() {
    let server = server();
    let mut observer = Observer::new(&server.url(), "dead");
    let pipeline = Pipeline::named("billing");
    let texts = nats::read(&pipeline, server.url(), "texts").dead_letter("dead").json::<Text>();
    let seen = texts.collect();
    let running = pipeline.start().expect("a running pipeline");
    // The largest message that the server accepts is too large with the headers of a dead letter.
    let whole = "y".repeat(1 << 20);
    Client::new(&server.url()).publish("texts", ["no JSON".into(), String::new(), whole, large(1_000_000)]);
    observer.wait_for("the largest one", |message| header(message, "pathway_cut").is_some());
    let dead = observer.seen();
    let payloads: Vec<_> = dead.iter().map(text).collect();
    assert_eq!((payloads[0].as_str(), payloads[1].as_str(), payloads.len()), ("no JSON", "", 3));
    assert_eq!(header(&dead[2], "pathway_cut").as_deref(), Some("1048576"));
    assert!(payloads[2].len() > 1_000_000 && payloads[2].bytes().all(|byte| byte == b'y'));
    for message in dead {
        assert!(header(message, "pathway_reason").is_some_and(|reason| !reason.is_empty()));
        let said = ["pathway_subject", "pathway_pipeline", "pathway_source"].map(|name| header(message, name));
        assert_eq!(said, ["texts", "billing", "texts"].map(|value| Some(value.to_owned())));
    }
    wait_for("the good one", || seen.rows().len() == 1);
    let stats = running.stats();
    assert_eq!((stats.sources[0].rejected, stats.sources[0].dead_letters), (3, 3));
    stop(running);
}

#[test]
fn unpublishable_rows_become_dead_letters() {
    let server = Server::builder().jetstream(false).config("max_payload: 100000").start().expect("a server");
    let mut observer = Observer::new(&server.url(), ">");
    let pipeline = Pipeline::named("billing");
    let bad = ["", "a b", "a.*", "line\r\nbreak", &"x".repeat(4090), &"x".repeat(40_000)];
    let names = bad.into_iter().map(str::to_owned).chain(["y".repeat(99_990), "good".to_owned()]);
    let texts = pipeline.rows(names.map(|text| Text { text }));
    let (feed, idle) = pipeline.input::<Text>();
    let _idle = idle.collect();
    nats::write(&texts, server.url(), "")
        .name("out")
        .subject(|row| if row.text.len() > 99_000 { "out.large".to_owned() } else { format!("out.{}", row.text) })
        .header("head", |row| row.text.chars().take(5).collect::<String>())
        .dead_letter("dead")
        .json();
    let running = pipeline.start().expect("a running pipeline");
    wait_for("all messages", || running.stats().sinks[0].published + running.stats().sinks[0].dead_letters == 8);
    let sink = running.stats().sinks.swap_remove(0);
    assert_eq!((sink.published, sink.rejected, sink.dead_letters, sink.reconnects), (1, 7, 7, 0));
    drop(feed);
    join(running).expect("the pipeline ends without an error");

    let seen: Vec<_> = observer.seen().iter().filter(|message| !message.subject.starts_with("_INBOX")).collect();
    assert_eq!(seen.len(), 8);
    let dead: Vec<_> = seen.iter().filter(|message| &*message.subject == "dead").collect();
    assert_eq!(dead.len(), 7);
    assert!(dead.iter().all(|message| header(message, "pathway_sink").as_deref() == Some("out")));
    assert_eq!(header(dead[3], "pathway_subject").as_deref(), Some(r"out.line\r\nbreak"));
    assert!(text(dead[3]).starts_with(r#"{"text":"line\r\nbreak","#));
    assert_eq!(header(dead[6], "head").as_deref(), Some("yyyyy"));
    assert!(header(dead[6], "pathway_cut").is_some() && text(dead[6]).len() > 99_000);
}

/// Empty, non-ASCII and very large payloads are published as they were received.
#[test]
fn unusual_payloads_are_passed_on_unchanged() {
    let server = server();
    let mut observer = Observer::new(&server.url(), "out");
    let pipeline = Pipeline::new();
    let texts = nats::read(&pipeline, server.url(), "in").plaintext();
    nats::write(&texts, server.url(), "out").plaintext();
    let running = pipeline.start().expect("a running pipeline");
    let payloads = ["", " å\r\n", "*COMMIT*", &"z".repeat((1 << 20) - 100), "END"].map(str::to_owned);
    Client::new(&server.url()).publish("in", payloads.clone());
    observer.wait_for("the end", |message| &message.payload[..] == b"END");
    assert_eq!(observer.seen().iter().map(text).collect::<Vec<_>>(), payloads);
    stop(running);
}

/// No regular client sends such headers. They can break a connection, but must not end the pipeline.
#[test]
fn malformed_headers_do_not_end_the_pipeline() {
    let server = server();
    let pipeline = Pipeline::new();
    let orders = nats::read(&pipeline, server.url(), "orders.*").plaintext_as::<Order>();
    let seen = orders.collect();
    let running = pipeline.start().expect("a running pipeline");
    let client = Client::new(&server.url());
    for (number, line) in ["a: b\rc", "no colon", "a b: c", ": c", "a:\u{0}", "pathway_time: x"].into_iter().enumerate()
    {
        let mut stream = TcpStream::connect(server.host_port()).expect("a connection");
        let header = format!("NATS/1.0\r\n{line}\r\n\r\n");
        let frame = format!("HPUB orders.x {} {}\r\n{header}z\r\nPING\r\n", header.len(), header.len() + 1);
        write!(stream, "CONNECT {{\"headers\":true,\"verbose\":false}}\r\n{frame}").expect("a write");
        let name = format!("after-{number}");
        wait_for(&name, || {
            client.publish("orders.eu", [name.clone()]);
            seen.rows().iter().any(|order| order.name == name)
        });
    }
    stop(running);
}
