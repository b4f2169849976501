//! The consumers that a source creates: they stay within what the server, the account and the stream allow.

use std::time::Duration;

use async_nats::jetstream::consumer::pull;
use async_nats::jetstream::stream::Config;
use futures_util::StreamExt;
use pathway::ErrorKind;
use pathway_testkit::Server;
use serde_json::json;

use super::support::{Js, RawClient, Reading, server, stream, work_queue};
use crate::support::{DEADLINE, wait_for};

impl Js {
    /// Waits until JetStream refuses a request with these words.
    fn wait_for_refusal(&self, words: &str) {
        self.runtime.block_on(async {
            let mut answers = self.client.subscribe("$JS.EVENT.ADVISORY.API").await.expect("a subscription");
            let refusal = async {
                while let Some(answer) = answers.next().await {
                    if String::from_utf8_lossy(&answer.payload).contains(words) {
                        return;
                    }
                }
            };
            tokio::time::timeout(DEADLINE, refusal).await.expect("a refusal");
        });
    }
}

#[test]
fn consumers_stay_within_the_limits_of_their_stream() {
    let server = server();
    let js = Js::new(&server);
    let limits = json!({"inactive_threshold": 60_000_000_000_u64, "max_ack_pending": 1000});
    for (name, retention) in [("IN", "limits"), ("QUEUE", "workqueue")] {
        let subjects = [format!("{}.>", name.to_lowercase())];
        js.create_with(&json!({
            "name": name, "subjects": subjects, "retention": retention, "consumer_limits": limits}));
        let subject = format!("{}.a", name.to_lowercase());
        js.publish(&subject, 0..5000);
        let reading = Reading::start(&server, &subject, name).expect("a running pipeline");
        reading.wait_for(5000);
        let config = js.consumers(name).swap_remove(0).config;
        assert!(config.inactive_threshold == Duration::from_secs(60) && config.max_ack_pending <= 1000, "{config:?}");
        assert_eq!(reading.stop(), (0..5000).collect::<Vec<_>>());
    }
}

#[test]
fn consumers_stay_within_the_limits_of_their_server() {
    let server = Server::builder().config("jetstream { limits { max_ack_pending: 500, max_request_batch: 100 } }");
    let server = server.start().expect("a server");
    let js = Js::new(&server);
    js.create(stream("IN"));
    js.create(work_queue("QUEUE"));
    for (name, subject) in [("IN", "in.a"), ("QUEUE", "queue.a")] {
        js.publish(subject, 0..5000);
        let reading = Reading::start(&server, subject, name).expect("a running pipeline");
        reading.wait_for(5000);
        assert_eq!(reading.stop(), (0..5000).collect::<Vec<_>>());
    }
    assert_eq!(js.consumers("QUEUE")[0].config.max_ack_pending, 500);
}

/// The connection breaks at each message that cannot be parsed. The stream allows one consumer.
#[test]
fn an_earlier_consumer_is_deleted_before_the_next_one_is_created() {
    let server = server();
    let js = Js::new(&server);
    js.create(Config { max_consumers: 1, ..stream("IN") });
    let mut raw = RawClient::new(&server);
    for n in 0..10 {
        js.publish("in.a", [n]);
        raw.publish(b"in.a", b"\r\nA B: 1", "");
    }
    let reading = Reading::start(&server, "in.>", "IN").expect("a running pipeline");
    wait_for("all messages", || reading.stats().rows + reading.stats().rejected == 20);
    assert!(reading.stats().reconnects >= 3);
    assert_eq!(reading.stop(), (0..10).collect::<Vec<_>>());
}

#[test]
fn a_limit_that_is_met_after_a_restart_is_waited_for() {
    let config = |max_consumers: u32| {
        format!(
            "accounts {{ A {{ jetstream {{ max_consumers: {max_consumers} }}, users: [{{ user: u, password: p }}] }} }}\n\
             no_auth_user: u"
        )
    };
    let mut server = Server::builder().config(&config(2)).start().expect("a server");
    let js = Js::new(&server);
    js.create(stream("IN"));
    js.publish("in.a", 0..10);
    js.create_consumer("IN", pull::Config { durable_name: Some("other".to_owned()), ..Default::default() });
    let reading = Reading::start(&server, "in.>", "IN").expect("a running pipeline");
    reading.wait_for(10);
    Reading::fails_to_start(&server, "in.>", "IN", ErrorKind::Config, &["stream `IN`", "maximum consumers limit"]);
    server.set_config(&config(1)).expect("a configuration");
    server.restart().expect("a server");
    let js = Js::new(&server);
    js.publish("in.a", 10..20);
    js.wait_for_refusal("maximum consumers limit");
    js.delete_consumer("IN", "other");
    reading.wait_for(20);
    assert_eq!(reading.stop(), (0..20).collect::<Vec<_>>());
}
