//! What is at which path.

use super::support::{address, ask, get};
use crate::support::{Input, wait_for};
use pathway::prelude::*;
use pathway::testing::Broker;
use serde_json::json;

/// Reads numbers with a secret on its way, and writes their sum.
fn service(broker: &Broker) -> Pipeline {
    let pipeline = Pipeline::named("a \"service\"").monitor("127.0.0.1:0");
    let numbers = nats::read(&pipeline, broker, "numbers").dead_letter("bad").json::<Input>();
    let total = reduce!(row in numbers => { sum: sum(row.value) }).named("total");
    nats::write(&total, broker, "sum").json();
    pipeline
}

#[test]
fn the_statistics_are_there_as_json() {
    let broker = Broker::new();
    let running = service(&broker).start().expect("a start");
    broker.publish("numbers", r#"{"value": 4}"#);
    broker.publish("numbers", r#"{"value": "four"}"#);
    broker.commit();
    let answer = get(&running, "/stats.json");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    let found = answer.json();
    assert_eq!(found["pipeline"], "a \"service\"");
    assert_eq!(found["stats"]["commits"], 1);
    assert_eq!(found["stats"]["sources"][0]["name"], "numbers");
    assert_eq!(found["stats"]["sources"][0]["rows"], 1);
    assert_eq!(found["stats"]["sources"][0]["rejected"], 1);
    assert_eq!(found["stats"]["sinks"][1]["queued"], 1);
    assert_eq!(found["sources"], json!([{"name": "numbers", "state": "connected", "is_full": false}]));
    assert_eq!(found["sinks"][1]["state"], "connected");
    assert_eq!((&found["stuck"], &found["missing"]), (&json!(null), &json!([])));
    broker.close();
    running.join().expect("an end");
}

#[test]
fn the_graph_is_that_of_the_pipeline() {
    let broker = Broker::new();
    let pipeline = service(&broker);
    let graph = pipeline.graph();
    let running = pipeline.start().expect("a start");
    assert_eq!(*running.graph(), graph);
    assert_eq!(get(&running, "/graph.json").json(), serde_json::to_value(&graph).expect("JSON"));
    broker.close();
    running.join().expect("an end");
}

/// The page, the table and the sparklines are one document: it may load nothing.
#[test]
fn the_page_loads_nothing_from_elsewhere() {
    let broker = Broker::new();
    let running = service(&broker).start().expect("a start");
    let (page, again) = (get(&running, "/"), get(&running, "/"));
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'nonce-"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    let nonce = policy.split("nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce");
    let marked = format!("nonce=\"{nonce}\"");
    assert_eq!(
        page.body.matches(&marked).count(),
        page.body.matches("<script").count() + page.body.matches("<style").count()
    );
    assert!(!again.body.contains(nonce) && !page.body.contains("{{nonce}}"), "{nonce}");
    for outside in ["https://", "src=", "@import", "url(", " style=\"", " onclick="] {
        assert!(!page.body.contains(outside), "{outside}");
    }
    // The one address is the name of SVG's elements.
    assert_eq!(page.body.matches("http://").count(), page.body.matches("http://www.w3.org/2000/svg").count());
    broker.close();
    running.join().expect("an end");
}

#[test]
fn the_metrics_are_there_in_the_text_format_of_prometheus() {
    let broker = Broker::new();
    let running = service(&broker).start().expect("a start");
    broker.publish("numbers", r#"{"value": 4}"#);
    broker.commit();
    let answer = get(&running, "/metrics");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/plain; version=0.0.4; charset=utf-8")));
    let label = r#"pipeline="a \"service\"""#;
    for line in
        [format!("pathway_up{{{label}}} 1"), format!("pathway_source_rows_total{{{label},source=\"numbers\"}} 1")]
    {
        assert!(answer.body.lines().any(|found| found == line), "{line} is not in {}", answer.body);
    }
    broker.close();
    running.join().expect("an end");
}

#[test]
fn other_paths_and_methods_are_refused_with_what_there_is() {
    let broker = Broker::new();
    let running = service(&broker).start().expect("a start");
    let address = address(&running);
    for path in ["/metrics/", "/stats", "/../etc/passwd", "/favicon.ico"] {
        let answer = get(&running, path);
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.body.contains("/stats.json"), "{answer:?}");
    }
    assert_eq!(get(&running, "/live?verbose=1").status, 200);
    let post = format!("POST /stats.json HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\n\r\n");
    let answer = ask(address, &post).expect("an answer");
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")));
    let head = ask(address, &format!("HEAD /stats.json HTTP/1.1\r\nHost: {address}\r\n\r\n")).expect("an answer");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert!(head.header("content-length").expect("a length").parse::<usize>().expect("a number") > 100);
    broker.close();
    running.join().expect("an end");
}

/// A page of another site whose name resolves to this machine.
#[test]
fn a_request_that_names_another_host_is_refused() {
    let broker = Broker::new();
    let running = service(&broker).start().expect("a start");
    let answer = ask(address(&running), "GET /stats.json HTTP/1.1\r\nHost: evil.example\r\n\r\n").expect("an answer");
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("ask for localhost"), "{answer:?}");
    assert_eq!(
        ask(address(&running), "GET /live HTTP/1.1\r\nHost: localhost:1\r\n\r\n").expect("an answer").status,
        200
    );
    broker.close();
    running.join().expect("an end");
}

#[test]
fn errors_are_there_with_their_counts_and_without_those_of_others() {
    let broker = Broker::new();
    let pipeline = Pipeline::new().monitor("127.0.0.1:0");
    let rows = nats::read(&pipeline, &broker, "errors.there").json::<Input>();
    let _rows = rows.collect();
    let running = pipeline.start().expect("a start");
    for payload in [r#"{"value": "one"}"#, r#"{"value": 2}"#, r#"{"value": "three"}"#] {
        broker.publish("errors.there", payload);
    }
    broker.commit();
    let mut events = json!([]);
    wait_for("the errors", || {
        events = get(&running, "/stats.json").json()["events"].clone();
        events
            .as_array()
            .is_some_and(|events| events.iter().map(|event| event["count"].as_u64().unwrap_or(0)).sum::<u64>() >= 2)
    });
    let events = events.as_array().expect("a list");
    assert!(
        events.iter().all(|event| ["errors.there", "pipeline"].contains(&event["component"].as_str().unwrap_or(""))),
        "{events:?}"
    );
    let event = events.iter().find(|event| event["component"] == "errors.there").expect("an event");
    assert_eq!((&event["level"], &event["count"]), (&json!("error"), &json!(2)), "{event}");
    broker.close();
    running.join().expect("an end");
}
