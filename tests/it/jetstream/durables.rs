//! Every setting of a durable consumer is honoured, harmless, or refused at start.

use pathway::ErrorKind;
use pathway::nats;
use pathway::prelude::*;
use serde_json::{Value, json};

use super::support::{Js, Reading, server, stream};
use crate::support::{Input, assert_error, wait_for};

impl Js {
    /// Creates a durable consumer with settings of which the client may know nothing.
    fn create_durable(&self, stream: &str, name: &str, settings: &[(&str, Value)]) {
        let mut config = json!({"durable_name": name, "name": name, "ack_policy": "explicit"});
        settings.iter().for_each(|(key, value)| config[*key] = value.clone());
        let request = json!({"stream_name": stream, "config": config});
        let subject = format!("$JS.API.CONSUMER.DURABLE.CREATE.{stream}.{name}");
        let answer = self.runtime.block_on(self.client.request(subject, request.to_string().into()));
        let answer = String::from_utf8_lossy(&answer.expect("an answer").payload).into_owned();
        assert!(!answer.contains("\"error\""), "{config}: {answer}");
    }
}

#[test]
fn settings_of_a_consumer_that_can_be_kept_are_kept() {
    const SECOND: u64 = 1_000_000_000;
    let server = server();
    let js = Js::new(&server);
    // The consumer is paused for a moment.
    let soon = pathway::schema::DateTimeUtc::from_nanosecond(
        pathway::schema::DateTimeUtc::now().as_nanosecond() + i128::from(SECOND),
    );
    let soon = soon.expect("a time").to_string();
    let cases: &[&[(&str, Value)]] = &[
        &[],
        &[("description", json!("text")), ("metadata", json!({"owner": "us"})), ("sample_freq", json!("100"))],
        &[("deliver_policy", json!("by_start_sequence")), ("opt_start_seq", json!(1)), ("filter_subject", json!(""))],
        &[("deliver_policy", json!("last")), ("filter_subject", json!("in.>"))],
        &[("filter_subjects", json!(["in.>"]))],
        &[("replay_policy", json!("original"))],
        &[("ack_wait", json!(SECOND / 2))],
        &[("backoff", json!([SECOND / 2, SECOND])), ("max_deliver", json!(-1))],
        &[("max_waiting", json!(1))],
        &[("max_ack_pending", json!(7))],
        &[("max_batch", json!(10)), ("max_expires", json!(SECOND)), ("max_bytes", json!(2048))],
        &[("inactive_threshold", json!(60 * SECOND))],
        &[("mem_storage", json!(true)), ("num_replicas", json!(1))],
        &[("pause_until", json!(soon))],
    ];
    for settings in cases {
        js.create(stream("IN"));
        js.create_durable("IN", "d", settings);
        let reading = Reading::start(&server, "in.>", nats::stream("IN").durable("d"));
        let reading = reading.unwrap_or_else(|error| panic!("{settings:?}: {error}"));
        js.publish("in.a", 0..100);
        reading.wait_for(100);
        wait_for("the acknowledgements", || js.consumers("IN")[0].num_ack_pending == 0);
        assert_eq!(reading.stop(), (0..100).collect::<Vec<_>>(), "{settings:?}");
        js.delete("IN");
    }
}

#[test]
fn settings_of_a_consumer_that_cannot_be_kept_are_refused_at_start() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    for (number, (settings, words)) in [
        (vec![("headers_only", json!(true))], "headers_only"),
        (vec![("max_deliver", json!(2))], "gives a message up after 2 deliveries"),
        (vec![("max_deliver", json!(3)), ("backoff", json!([1_000_000_000]))], "max_deliver"),
        (vec![("priority_groups", json!(["g"])), ("priority_policy", json!("overflow"))], "priority_groups"),
        (vec![("ack_policy", json!("all"))], "ack policy is `all`"),
        (vec![("deliver_subject", json!("to"))], "push consumer"),
        (vec![("filter_subject", json!("in.b"))], "it reads `in.b` instead of `in.>`"),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("d{number}");
        js.create_durable("IN", &name, &settings);
        let durable = nats::stream("IN").durable(&name);
        Reading::fails_to_start(&server, "in.>", durable, ErrorKind::Config, &[&format!("consumer `{name}`"), words]);
    }
}

#[test]
fn a_consumer_that_two_sources_of_a_pipeline_name_is_an_error_at_start() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    js.create_durable("IN", "d", &[]);
    let pipeline = Pipeline::named("test");
    for name in ["one", "two"] {
        let read = nats::read(&pipeline, server.url(), "in.>").name(name).jetstream(nats::stream("IN").durable("d"));
        drop(read.json::<Input>().collect());
    }
    let error = pipeline.start().expect_err("an error");
    assert_error(&error, ErrorKind::Config, &["source `two`", "consumer `d`", "stream `IN`", "one table twice"]);
}
