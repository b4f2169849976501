//! What the answers say.

use async_nats::service::{Info, PingResponse, Stats};
use pathway::io::{Failure, RowSender, Source, SourceSettings};
use pathway::nats::Options;
use pathway::prelude::*;
use pathway_testkit::Server;
use serde_json::{Value, json};

use super::support::{Micro, copy_with, start_copy};
use crate::support::{DEADLINE, Input, stop, value, wait_for};

fn server() -> Server {
    Server::builder().jetstream(false).start().expect("a server")
}

/// The names of the members of an object, in order.
fn members(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn all_nine_requests_are_answered() {
    let server = server();
    let running = start_copy("orders-service", &server.url());
    let micro = Micro::new(&server.url());
    let id = micro.ask("$SRV.PING")["id"].as_str().expect("an id").to_owned();
    for verb in ["PING", "INFO", "STATS"] {
        for whose in ["", ".orders-service", &format!(".orders-service.{id}")] {
            let answer = micro.ask(&format!("$SRV.{verb}{whose}"));
            let expected = format!("io.nats.micro.v1.{}_response", verb.to_lowercase());
            assert_eq!(answer["type"], expected, "{verb}{whose}");
            assert_eq!((&answer["name"], &answer["id"]), (&json!("orders-service"), &json!(id)), "{verb}{whose}");
        }
    }
    assert!(micro.is_unknown("$SRV.PING.other") && micro.is_unknown("$SRV.PING.orders-service.other"));
    assert!(micro.is_unknown("$SRV.SCHEMA"));
    stop(running);
}

/// The members are those of ADR-32, and async-nats reads them.
#[test]
fn answers_have_the_form_of_the_protocol() {
    let server = server();
    let running = start_copy("orders-service", &server.url());
    let micro = Micro::new(&server.url());
    let ping = micro.ask("$SRV.PING.orders-service");
    assert_eq!(members(&ping), ["type", "name", "id", "version", "metadata"]);
    let parsed: PingResponse = serde_json::from_value(ping.clone()).expect("a ping");
    assert_eq!(parsed.version.split('.').filter(|number| number.parse::<u64>().is_ok()).count(), 3);
    let pid = std::process::id().to_string();
    for (key, expected) in [("pipeline", "orders-service"), ("pathway_version", &parsed.version), ("pid", &pid)] {
        assert_eq!(parsed.metadata[key], expected);
    }

    let info = micro.ask("$SRV.INFO.orders-service");
    assert_eq!(members(&info), ["type", "name", "id", "version", "metadata", "description", "endpoints"]);
    assert_eq!(members(&info["endpoints"][0]), ["name", "subject", "queue_group", "metadata"]);
    let info: Info = serde_json::from_value(info).expect("an info");
    assert_eq!((info.id, &info.metadata), (parsed.id, &parsed.metadata));
    let endpoints: Vec<_> = info.endpoints.iter().map(|end| (&*end.name, &*end.subject, &*end.queue_group)).collect();
    assert_eq!(endpoints, [("orders", "orders", ""), ("copies", "copies", "")]);

    let stats = micro.ask("$SRV.STATS.orders-service");
    assert_eq!(members(&stats), ["type", "name", "id", "version", "metadata", "started", "endpoints"]);
    let of_endpoint = [
        "name",
        "subject",
        "queue_group",
        "num_requests",
        "num_errors",
        "last_error",
        "processing_time",
        "average_processing_time",
        "data",
    ];
    assert_eq!(members(&stats["endpoints"][1]), of_endpoint);
    let started = stats["started"].as_str().expect("a text");
    assert!(started.parse::<DateTimeUtc>().is_ok_and(|started| started <= DateTimeUtc::now()), "{started}");
    assert_eq!((started.len(), started.ends_with('Z')), ("2026-01-02T03:04:05.678Z".len(), true), "{started}");
    let parsed: Stats = serde_json::from_value(stats).expect("statistics");
    assert_eq!(parsed.endpoints.len(), 2);
    stop(running);
}

#[test]
fn numbers_move_while_messages_flow() {
    let server = server();
    let pipeline = Pipeline::named("orders-service");
    let input = nats::read(&pipeline, server.url(), "micro.numbers").dead_letter("bad").json::<Input>();
    let total = reduce!(row in input => { sum: sum(row.value) });
    nats::write(&total, server.url(), "micro.totals").json();
    let running = pipeline.start().expect("a running pipeline");
    let micro = Micro::new(&server.url());
    let stats = || micro.ask("$SRV.STATS.orders-service")["endpoints"].clone();
    let before = stats();
    for endpoint in before.as_array().expect("a list") {
        assert_eq!((&endpoint["num_requests"], &endpoint["num_errors"]), (&json!(0), &json!(0)));
        assert_eq!((&endpoint["average_processing_time"], &endpoint["last_error"]), (&json!(0), &json!("")));
    }
    assert_eq!(before[0]["data"]["pipeline_state"], "running");

    micro.publish("micro.numbers", (1..=3).map(value));
    wait_for("the sum is published", || stats()[2]["num_requests"].as_u64() >= Some(1));
    micro.publish("micro.numbers", [r#"{"value": "four"}"#.to_owned()]);
    wait_for("the dead letter", || stats()[1]["num_requests"] == 1);
    let [source, dead_letters, sink]: [Value; 3] =
        serde_json::from_value(stats()).expect("a source, its dead letters and a sink");
    assert_eq!((&source["num_requests"], &source["num_errors"]), (&json!(4), &json!(1)));
    let error = source["last_error"].as_str().expect("a text");
    assert!(error.contains("expected an integer (i64)"), "{error}");
    let time = source["processing_time"].as_u64().expect("a number");
    assert!(time > 0, "{source}");
    assert_eq!(source["average_processing_time"], time / 4);
    for (member, expected) in [("kind", json!("source")), ("name", json!("micro.numbers")), ("rows", json!(3))] {
        assert_eq!(source["data"][member], expected);
    }
    assert_eq!((&source["data"]["backlog"], &source["data"]["lag_seconds"]), (&json!(0), &Value::Null));
    assert!(source["data"]["pipeline_commits"].as_u64() >= Some(1), "{source}");
    assert_eq!((&dead_letters["subject"], &dead_letters["last_error"]), (&json!("bad"), &json!("")));
    assert_eq!((&sink["num_errors"], &sink["data"]["kind"]), (&json!(0), &json!("sink")));
    assert_eq!(sink["data"]["unconfirmed"], 0);
    stop(running);
}

/// A source of rows that never come.
struct Silent;

impl Source for Silent {
    type Item = Input;

    fn settings(&self) -> SourceSettings {
        SourceSettings::new().name("my own")
    }

    fn run(self, rows: &RowSender<Input>) -> Result<(), Failure> {
        rows.ready();
        Ok(rows.sleep(DEADLINE)?)
    }
}

/// Those that have no subject, too: it is then their name.
#[test]
fn every_source_and_sink_is_an_endpoint() {
    let server = Server::start().expect("a server");
    let micro = Micro::new(&server.url());
    micro.runtime.block_on(async {
        let js = async_nats::jetstream::new(micro.client.clone());
        let stream = async_nats::jetstream::stream::Config {
            name: "ORDERS".to_owned(),
            subjects: vec!["orders.>".to_owned()],
            ..Default::default()
        };
        js.create_stream(stream).await.expect("a stream");
        for bucket in ["prices", "totals"] {
            let bucket = async_nats::jetstream::kv::Config { bucket: bucket.to_owned(), ..Default::default() };
            js.create_key_value(bucket).await.expect("a bucket");
        }
    });
    let (pipeline, uri) = (Pipeline::named("Größe der Welt.>"), server.url());
    let grouped = nats::read(&pipeline, &uri, "clicks.*").queue_group("readers").json::<Input>();
    let all = nats::read(&pipeline, &uri, "").jetstream("ORDERS").name("all orders").json::<Input>();
    let prices = nats::read(&pipeline, &uri, "prices").kv().json::<Input>();
    nats::write(&grouped, &uri, "").name("by row").subject(|row| format!("rows.{}", row.value)).json();
    nats::write(&all, &uri, "totals").kv(|row| row.value.to_string()).json();
    drop((prices.collect(), pipeline.source(Silent).collect()));
    let running = pipeline.start().expect("a running pipeline");

    let info = micro.ask("$SRV.INFO.Gr__e_der_Welt__");
    assert_eq!(info["metadata"]["pipeline"], "Größe der Welt.>");
    let endpoint = |name: &str, subject: &str, group: &str, metadata: Value| json!({"name": name, "subject": subject, "queue_group": group, "metadata": metadata});
    let source = |transport: &str, name: &str| json!({"kind": "source", "name": name, "transport": transport});
    let with = |mut metadata: Value, key: &str, value: &str| {
        metadata[key] = json!(value);
        metadata
    };
    let sink = |transport: &str, name: &str| with(source(transport, name), "kind", "sink");
    let expected = json!([
        endpoint("clicks__", "clicks.*", "readers", source("nats", "clicks.*")),
        endpoint("all_orders", ">", "", with(source("jetstream", "all orders"), "stream", "ORDERS")),
        endpoint("prices", "$KV.prices.>", "", with(source("kv", "prices"), "bucket", "prices")),
        endpoint("my_own", "my_own", "", json!({"kind": "source", "name": "my own"})),
        endpoint("by_row", ">", "", sink("nats", "by row")),
        endpoint("totals", "$KV.totals.>", "", with(sink("kv", "totals"), "bucket", "totals")),
    ]);
    assert_eq!(info["endpoints"], expected);
    stop(running);
}

#[test]
fn answers_have_no_credentials() {
    let config = "authorization { user: grace, password: \"open sesame\" }";
    let server = Server::builder().jetstream(false).config(config).start().expect("a server");
    let uri = format!("nats://grace:open%20sesame@{}", server.host_port());
    let running = copy_with("orders-service", &uri, &Options::new()).start().expect("a running pipeline");
    let options = async_nats::ConnectOptions::with_user_and_password("grace".to_owned(), "open sesame".to_owned());
    let micro = Micro::with(&server.url(), options);
    for verb in ["PING", "INFO", "STATS"] {
        let answer = micro.ask(&format!("$SRV.{verb}.orders-service")).to_string();
        assert!(!answer.contains("sesame") && !answer.contains("grace"), "{answer}");
    }
    stop(running);
}

/// A server that takes only short messages gets an answer without the data of the endpoints.
#[test]
fn an_answer_is_shorter_where_a_server_takes_no_long_one() {
    let server = Server::builder().jetstream(false).config("max_payload: 1024").start().expect("a server");
    let running = start_copy("orders-service", &server.url());
    let stats = Micro::new(&server.url()).ask("$SRV.STATS.orders-service");
    assert!(stats.to_string().len() <= 1024);
    assert_eq!((&stats["endpoints"][0]["num_requests"], stats["endpoints"][0].get("data")), (&json!(0), None));
    stop(running);
}
