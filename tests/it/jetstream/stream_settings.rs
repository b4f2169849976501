//! Every setting of a stream is honoured or harmless for a source that reads it.

use async_nats::HeaderMap;
use pathway::prelude::*;
use serde_json::{Value, json};

use super::support::{Js, Reading, server, stream, with_settings};
use crate::support::{stop, value, wait_for};

const SECOND: u64 = 1_000_000_000;

impl Js {
    /// Publishes without waiting for acknowledgements, which some streams do not send.
    fn publish_unacknowledged(&self, subject: &str, values: impl IntoIterator<Item = i64>) {
        self.runtime.block_on(async {
            for n in values {
                self.client.publish(subject.to_owned(), value(n).into()).await.expect("a publication");
            }
            self.client.flush().await.expect("a flush");
        });
    }
}

/// A stream of `in.>` with these settings.
fn config(settings: Value) -> Value {
    with_settings("IN", settings)
}

#[test]
fn a_stream_is_read_whatever_its_settings_are() {
    let server = server();
    let js = Js::new(&server);
    let cases = [
        json!({"description": "text", "metadata": {"owner": "us"}}),
        json!({"retention": "workqueue"}),
        json!({"retention": "interest"}),
        json!({"max_consumers": 1}),
        json!({"max_msgs": 1000, "max_bytes": 1_000_000, "max_age": 3600 * SECOND, "max_msg_size": 1000}),
        json!({"max_msgs_per_subject": 1000}),
        json!({"max_msgs": 1000, "discard": "new"}),
        json!({"max_msgs_per_subject": 1000, "discard": "new", "discard_new_per_subject": true}),
        json!({"storage": "memory"}),
        json!({"num_replicas": 1}),
        json!({"no_ack": true}),
        json!({"duplicate_window": SECOND}),
        json!({"compression": "s2"}),
        json!({"first_seq": 100}),
        json!({"subject_transform": {"src": "in.>", "dest": "in.moved.>"}}),
        json!({"republish": {"src": "in.>", "dest": "copy.>"}}),
        json!({"allow_direct": true}),
        json!({"deny_delete": true, "deny_purge": true}),
        json!({"allow_rollup_hdrs": true}),
        json!({"consumer_limits": {"inactive_threshold": 60 * SECOND, "max_ack_pending": 100}}),
        json!({"retention": "workqueue", "consumer_limits": {"inactive_threshold": 60 * SECOND, "max_ack_pending": 100}}),
        json!({"allow_msg_ttl": true}),
        json!({"allow_msg_ttl": true, "allow_rollup_hdrs": true, "subject_delete_marker_ttl": 60 * SECOND}),
        json!({"allow_atomic": true}),
        json!({"allow_batched": true}),
        json!({"allow_msg_schedules": true}),
        json!({"persist_mode": "async"}),
        json!({"placement": {"tags": ["any"]}}),
    ];
    // With its last stream, the server removes a folder, and then may fail to create the next one in it.
    js.create(stream("OTHER"));
    for (number, settings) in cases.into_iter().enumerate() {
        let name = format!("IN{number}");
        let mut config = config(settings.clone());
        config["name"] = json!(name);
        js.create_with(&config);
        let reading = Reading::start(&server, "in.>", &*name).unwrap_or_else(|error| panic!("{settings}: {error}"));
        js.publish_unacknowledged("in.a", 0..100);
        reading.wait_for(100);
        assert_eq!(reading.stats().dropped, 0, "{settings}");
        assert_eq!(reading.stop(), (0..100).collect::<Vec<_>>(), "{settings}");
        js.delete(&name);
    }
}

#[test]
fn a_sealed_stream_is_read() {
    let server = server();
    let js = Js::new(&server);
    js.create_with(&config(json!({})));
    js.publish("in.a", 0..100);
    js.update_with(&config(json!({"sealed": true, "discard": "new", "deny_delete": true, "deny_purge": true})));
    let reading = Reading::start(&server, "in.>", "IN").expect("a running pipeline");
    reading.wait_for(100);
    assert_eq!(reading.stop(), (0..100).collect::<Vec<_>>());
}

#[test]
fn streams_that_copy_others_are_read() {
    let server = server();
    let js = Js::new(&server);
    js.create_with(&config(json!({"allow_direct": true})));
    js.publish("in.a", 0..100);
    for copy in [
        json!({"name": "COPY", "sources": [{"name": "IN"}]}),
        json!({"name": "COPY", "mirror": {"name": "IN"}}),
        json!({"name": "COPY", "mirror": {"name": "IN"}, "mirror_direct": true, "allow_direct": true}),
        json!({"name": "COPY", "mirror": {"name": "IN", "opt_start_seq": 1, "filter_subject": "in.a"}}),
    ] {
        js.create_with(&copy);
        let reading = Reading::start(&server, "in.>", "COPY").unwrap_or_else(|error| panic!("{copy}: {error}"));
        reading.wait_for(100);
        assert_eq!(reading.stats().dropped, 0, "{copy}");
        assert_eq!(reading.stop(), (0..100).collect::<Vec<_>>(), "{copy}");
        js.delete("COPY");
    }
}

/// The server writes the counter's value into each message.
#[test]
fn a_stream_of_counters_is_read() {
    #[derive(Clone, Debug, PartialEq, Schema)]
    struct Counter {
        val: String,
    }

    let server = server();
    let js = Js::new(&server);
    js.create_with(&config(json!({"allow_msg_counter": true, "allow_direct": true})));
    let pipeline = Pipeline::named("counters");
    let seen = nats::read(&pipeline, server.url(), "in.>").jetstream("IN").json::<Counter>().collect();
    let running = pipeline.start().expect("a running pipeline");
    js.runtime.block_on(async {
        for _ in 0..2 {
            let mut headers = HeaderMap::new();
            headers.insert("Nats-Incr", "+5");
            js.client.publish_with_headers("in.a", headers, "".into()).await.expect("a publication");
        }
        js.client.flush().await.expect("a flush");
    });
    wait_for("the counter", || seen.rows().contains(&Counter { val: "10".to_owned() }));
    stop(running);
}
