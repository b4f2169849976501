//! Many requests at once, and requests that are none.

use futures_util::StreamExt;
use pathway_testkit::Server;
use serde_json::Value;

use super::support::{Micro, start_copy};
use crate::support::{DEADLINE, stop, value, wait_for};

fn server() -> Server {
    Server::builder().jetstream(false).start().expect("a server")
}

/// Sends so many requests without waiting, and returns how many answers there are when the last one has come.
fn burst(micro: &Micro, requests: usize) -> Vec<Value> {
    let inbox = micro.client.new_inbox();
    micro.runtime.block_on(async {
        let mut replies = micro.client.subscribe(inbox.clone()).await.expect("an inbox");
        for number in 0..requests {
            let subject = ["$SRV.PING", "$SRV.INFO", "$SRV.STATS"][number % 3];
            let sent = micro.client.publish_with_reply(subject, inbox.clone(), "".into());
            sent.await.expect("a request");
        }
        let mut answers = Vec::new();
        while answers.len() < requests {
            let reply = tokio::time::timeout(DEADLINE, replies.next()).await.expect("an answer").expect("an inbox");
            answers.push(serde_json::from_slice(&reply.payload).expect("JSON"));
        }
        answers
    })
}

#[test]
fn many_requests_at_once_are_all_answered() {
    let server = server();
    let running = start_copy("orders-service", &server.url());
    let micro = Micro::new(&server.url());
    micro.ask("$SRV.STATS.orders-service");
    let answers = burst(&micro, 900);
    for kind in ["ping", "info", "stats"] {
        let kind = format!("io.nats.micro.v1.{kind}_response");
        assert_eq!(answers.iter().filter(|answer| answer["type"] == *kind).count(), 300, "{kind}");
    }
    stop(running);
}

/// The server sends what it can; the service answers a part, and neither it nor the pipeline breaks.
#[test]
fn a_flood_of_requests_concerns_nobody() {
    let server = server();
    let running = start_copy("orders-service", &server.url());
    let micro = Micro::new(&server.url());
    micro.ask("$SRV.STATS.orders-service");
    let inbox = micro.client.new_inbox();
    micro.runtime.block_on(async {
        let payload = bytes(&[b'x'; 1000]);
        for number in 0..100_000 {
            let subject = ["$SRV.PING", "$SRV.INFO", "$SRV.STATS"][number % 3];
            micro.client.publish_with_reply(subject, inbox.clone(), payload.clone()).await.expect("a request");
        }
    });
    micro.publish("orders", (1..=3).map(value));
    wait_for("the copies", || running.stats().sinks[0].published == 3);
    let stats = micro.ask("$SRV.STATS.orders-service");
    assert_eq!(stats["endpoints"][0]["data"]["reconnects"], 0);
    stop(running);
    assert!(!server.log().contains("Slow Consumer"), "{}", server.log());
}

fn bytes(text: &[u8]) -> pathway::bytes::Bytes {
    pathway::bytes::Bytes::copy_from_slice(text)
}

/// Without a reply subject there is nobody to answer; with a strange one there is an answer.
#[test]
fn strange_requests_do_no_harm() {
    let server = server();
    let running = start_copy("orders-service", &server.url());
    let micro = Micro::new(&server.url());
    micro.ask("$SRV.STATS.orders-service");
    micro.publish("$SRV.PING", ["no reply".to_owned()]);
    // An answer is no request: it has no reply subject.
    let ask = micro.client.publish_with_reply("$SRV.PING", "$SRV.PING", "".into());
    micro.runtime.block_on(ask).expect("a request");
    assert_eq!(burst(&micro, 3).len(), 3);
    stop(running);
}
