//! What JetStream refuses while a pipeline runs: it goes on when the reason is gone, or ends with it.

use std::time::Duration;

use async_nats::jetstream::consumer::pull;
use async_nats::jetstream::stream::Config;
use pathway::ErrorKind;
use pathway::prelude::*;
use pathway_testkit::Server;

use super::support::{Js, RawClient, Reading, server, stream, work_queue};
use crate::support::{Input, assert_error, join, wait_for};

fn durable(change: impl FnOnce(&mut pull::Config)) -> pull::Config {
    let mut config = pull::Config {
        durable_name: Some("billing".to_owned()),
        filter_subject: "in.>".to_owned(),
        ack_wait: Duration::from_secs(2),
        ..pull::Config::default()
    };
    change(&mut config);
    config
}

fn read(server: &Server) -> Reading {
    Reading::start(server, "in.>", nats::stream("IN").durable("billing")).expect("a running pipeline")
}

/// Another program's request takes the only place (`Exceeded MaxWaiting`) until it expires.
#[test]
fn a_consumer_that_another_program_occupies_is_read_afterwards() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    js.create_consumer("IN", durable(|config| config.max_waiting = 1));
    let request = r#"{"batch": 1, "expires": 1000000000}"#;
    let mut other = RawClient::new(&server);
    let subject = "$JS.API.CONSUMER.MSG.NEXT.IN.billing";
    other.send(format!("SUB other 1\r\nPUB {subject} other {}\r\n{request}\r\n", request.len()).as_bytes());
    wait_for("the request", || js.consumers("IN")[0].num_waiting == 1);
    let reading = read(&server);
    other.wait_for("HMSG other");
    js.publish("in.a", 0..3);
    reading.wait_for(3);
    assert_eq!(reading.stop(), [0, 1, 2]);
}

/// An administrator lowers the limits of requests (`Exceeded MaxRequestBatch`, `Exceeded MaxRequestExpires`).
#[test]
fn limits_that_a_consumer_gets_while_it_is_read_are_kept() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    js.create_consumer("IN", durable(|_| ()));
    let reading = read(&server);
    js.publish("in.a", 0..10);
    reading.wait_for(10);
    js.create_consumer("IN", durable(|config| config.max_batch = 5));
    js.publish("in.a", 10..20_000);
    reading.wait_for(20_000);
    let both = |config: &mut pull::Config| {
        (config.max_batch, config.max_expires) = (5, Duration::from_secs(1));
    };
    js.create_consumer("IN", durable(both));
    js.publish("in.a", 20_000..20_100);
    reading.wait_for(20_100);
    // What was under way when the request was refused is delivered again, behind what follows it.
    let mut values = reading.stop();
    values.sort_unstable();
    assert!(values.into_iter().eq(0..20_100), "each message once");
}

fn config(jetstream: &str) -> String {
    format!("accounts {{ A {{ jetstream: {jetstream}, users: [{{ user: a, password: p }}] }} }}\nno_auth_user: a")
}

/// The server stays, and so do the connections.
#[test]
fn an_account_that_loses_jetstream_by_a_reload_ends_its_sources_and_sinks_with_the_reason() {
    let mut server = Server::builder().config(&config("enabled")).start().expect("a server");
    let js = Js::new(&server);
    js.create(stream("IN"));
    js.create(work_queue("QUEUE"));
    js.create(Config { subjects: vec!["out".to_owned()], ..stream("OUT") });
    let reading = Reading::start(&server, "in.>", "IN").expect("a running pipeline");
    let working = Reading::start(&server, "queue.>", "QUEUE").expect("a running pipeline");
    let pipeline = Pipeline::new();
    let (feed, rows) = pipeline.input::<Input>();
    nats::write(&rows, server.url(), "out").jetstream("OUT").json();
    let writing = pipeline.start().expect("a running pipeline");
    server.set_config(&config("disabled")).expect("a configuration");
    server.reload().expect("another configuration");
    feed.insert(Input { value: 1 });
    feed.commit();
    for running in [reading.running, working.running, writing] {
        let error = join(running).expect_err("an error");
        assert_error(
            &error,
            ErrorKind::Stream,
            &["not enabled for account", "while the pipeline ran", "enable it again"],
        );
    }
}

#[test]
fn a_second_consumer_of_a_work_queue_with_the_same_subjects_is_refused_with_the_cure() {
    let server = server();
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    let other = |filter: &str| pull::Config {
        durable_name: Some("other".to_owned()),
        filter_subject: filter.to_owned(),
        ..pull::Config::default()
    };
    for (filter, subject) in [("in.a", "in.>"), ("in.>", "in.a"), ("", ">"), ("in.b.*", "in.*.c")] {
        js.create_consumer("IN", other(filter));
        let words = ["`IN`", &format!("has messages on `{subject}`"), "consumer rm IN", "`.durable(..)`"];
        Reading::fails_to_start(&server, subject, "IN", ErrorKind::Config, &words);
        js.delete_consumer("IN", "other");
    }
    js.create_consumer("IN", other("in.b"));
    Reading::start(&server, "in.a", "IN").expect("a running pipeline").stop();
}

#[test]
fn an_account_that_loses_jetstream_ends_its_sources_and_sinks_with_the_reason() {
    let mut server = Server::builder().config(&config("enabled")).start().expect("a server");
    let js = Js::new(&server);
    js.create(stream("IN"));
    js.create(Config { subjects: vec!["out".to_owned()], ..stream("OUT") });
    let reading = Reading::start(&server, "in.>", "IN").expect("a running pipeline");
    let pipeline = Pipeline::new();
    let (feed, rows) = pipeline.input::<Input>();
    nats::write(&rows, server.url(), "out").jetstream("OUT").json();
    let writing = pipeline.start().expect("a running pipeline");
    server.set_config(&config("disabled")).expect("a configuration");
    server.restart().expect("a server");
    feed.insert(Input { value: 1 });
    feed.commit();
    for running in [reading.running, writing] {
        let error = join(running).expect_err("an error");
        assert_error(
            &error,
            ErrorKind::Stream,
            &["not enabled for account", "while the pipeline ran", "enable it again"],
        );
    }
    let error = Reading::start(&server, "in.>", "IN").err().expect("an error");
    assert_error(&error, ErrorKind::Connect, &["not enabled for account", "`.domain(..)`", "`.api_prefix(..)`"]);
}
