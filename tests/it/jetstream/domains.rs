//! Streams and buckets of another JetStream domain: a hub, seen from a leaf node that has JetStream, too.

use std::net::TcpListener;

use async_nats::jetstream::kv;
use async_nats::jetstream::stream::Config;
use pathway::ErrorKind;
use pathway::prelude::*;
use pathway_testkit::Server;
use serde_json::json;

use super::persistence::bucket_sinks::run_twice;
use super::support::{Js, Reading, stream, work_queue};
use crate::support::{Gate, Input, assert_error, join, stop, wait_for};

#[derive(Schema, Clone, Debug, PartialEq)]
struct Total {
    city: String,
    sum: i64,
}

/// A hub and a leaf node, which have a domain each.
struct Domains {
    hub: Server,
    leaf: Server,
}

impl Domains {
    /// The hub must know its port for leaf nodes before it runs, so another process can take that in between: then it is
    /// started again with another one.
    fn start() -> Self {
        Domains::start_with("")
    }

    /// The same, with more lines in the configuration of the leaf node.
    fn start_with(leaf_config: &str) -> Self {
        let start = || {
            let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
            let hub = format!(
                "server_name: hub\njetstream {{ domain: hub }}\nleafnodes {{ listen: \"127.0.0.1:{port}\" }}\n"
            );
            let leaf = format!(
                "server_name: leaf\njetstream {{ domain: leaf }}\n\
                 leafnodes {{ reconnect: 1, remotes: [{{ url: \"nats-leaf://127.0.0.1:{port}\" }}] }}\n{leaf_config}"
            );
            let hub = Server::builder().config(&hub).start()?;
            Ok::<_, pathway_testkit::Error>(Domains { hub, leaf: Server::builder().config(&leaf).start()? })
        };
        let domains = (0..5).find_map(|_| start().ok()).expect("two servers");
        domains.wait_for_link();
        domains
    }

    fn wait_for_link(&self) {
        let js = Js::new(&self.leaf);
        let ask = || js.runtime.block_on(js.client.request("$JS.hub.API.INFO", "".into())).is_ok();
        wait_for("the leaf node connection", ask);
    }

    /// Clients of both.
    fn js(&self) -> (Js, Js) {
        (Js::new(&self.hub), Js::new(&self.leaf))
    }
}

/// A stream that has the same name in both domains, and other subjects, so that a message is in one of them.
fn of(domain: &str, config: Config) -> Config {
    Config { subjects: vec![format!("in.{domain}.>")], ..config }
}

#[test]
fn the_domain_says_which_of_two_streams_of_a_name_is_read() {
    let mut domains = Domains::start();
    let (hub, leaf) = domains.js();
    hub.create(of("hub", stream("IN")));
    leaf.create(of("leaf", stream("IN")));
    hub.publish("in.hub.a", 1..=2);
    leaf.publish("in.leaf.a", 11..=12);
    let own = Reading::start(&domains.leaf, "", "IN").expect("a running pipeline");
    let other = Reading::start(&domains.leaf, "", nats::stream("IN").domain("hub")).expect("a running pipeline");
    let named = Reading::start(&domains.leaf, "", nats::stream("IN").domain("leaf")).expect("a running pipeline");
    [&own, &other, &named].into_iter().for_each(|reading| reading.wait_for(2));
    // The hub is away for a while. The connection to the leaf node stays.
    domains.hub.restart().expect("a server");
    domains.wait_for_link();
    let (hub, _) = domains.js();
    hub.publish("in.hub.a", [3]);
    other.wait_for(3);
    assert_eq!((own.stop(), other.stop(), named.stop()), (vec![11, 12], vec![1, 2, 3], vec![11, 12]));
}

/// An acknowledgement reaches consumers of the same name in both domains, so that those of one pipeline must not have it.
#[test]
fn work_queues_of_two_domains_are_acknowledged_each_by_itself() {
    let domains = Domains::start();
    let (hub, leaf) = domains.js();
    hub.create(of("hub", work_queue("IN")));
    leaf.create(of("leaf", work_queue("IN")));
    hub.publish("in.hub.a", 0..1000);
    let gate = Gate::default();
    let closed = gate.close();
    let pipeline = Pipeline::named("test");
    let source = nats::read(&pipeline, domains.leaf.url(), "").name("in");
    let rows = source.jetstream(nats::stream("IN").domain("hub")).json::<Input>();
    let before_gate = gate.clone();
    let seen = rows.filter(move |_| before_gate.pass()).collect();
    let of_hub = pipeline.start().expect("a running pipeline");
    // Moved behind the pipeline, so that a failing test opens the gate first.
    let closed = closed;
    wait_for("deliveries", || hub.consumers("IN").first().is_some_and(|consumer| consumer.num_ack_pending == 1000));
    leaf.publish("in.leaf.a", 1000..2000);
    let of_leaf = Reading::start(&domains.leaf, "", "IN").expect("a running pipeline");
    wait_for("acknowledgements", || leaf.messages("IN") == 0);
    assert_eq!((hub.messages("IN"), &*hub.consumers("IN")[0].name), (1000, "test-in-hub"));
    drop(closed);
    wait_for("acknowledgements", || hub.messages("IN") == 0);
    stop(of_hub);
    assert_eq!((of_leaf.stop().len(), seen.rows().len()), (1000, 1000));
}

#[test]
fn a_durable_consumer_of_another_domain_is_used() {
    let domains = Domains::start();
    let (hub, leaf) = domains.js();
    hub.create(stream("IN"));
    hub.publish("in.a", 0..10);
    let config = async_nats::jetstream::consumer::pull::Config {
        durable_name: Some("billing".to_owned()),
        filter_subject: "in.>".to_owned(),
        ..Default::default()
    };
    hub.create_consumer("IN", config);
    let durable = nats::stream("IN").durable("billing").domain("hub");
    let reading = Reading::start(&domains.leaf, "in.>", durable.clone()).expect("a running pipeline");
    reading.wait_for(10);
    wait_for("acknowledgements", || hub.consumers("IN")[0].num_ack_pending == 0);
    assert_eq!(reading.stop(), (0..10).collect::<Vec<_>>());
    leaf.create(stream("OTHER"));
    let missing = durable.durable("other");
    let words = ["in domain `hub`", "nats --js-domain hub consumer add IN other"];
    Reading::fails_to_start(&domains.leaf, "in.>", missing, ErrorKind::Config, &words);
}

/// Both streams take the subject. Only the answers of the one that is meant count.
#[test]
fn a_sink_writes_into_the_stream_of_the_domain() {
    let domains = Domains::start();
    let (hub, leaf) = domains.js();
    hub.create(stream("OUT"));
    leaf.create(stream("OUT"));
    let pipeline = Pipeline::new();
    let (feed, rows) = pipeline.input::<Input>();
    nats::write(&rows, domains.leaf.url(), "out.a").jetstream(nats::stream("OUT").domain("hub")).json();
    let running = pipeline.start().expect("a running pipeline");
    for value in 0..500 {
        feed.insert(Input { value });
        feed.commit();
    }
    drop(feed);
    join(running).expect("an end");
    assert_eq!(hub.values("OUT"), (0..500).collect::<Vec<_>>());
    leaf.delete("OUT");
    let pipeline = Pipeline::new();
    let rows = pipeline.rows([Input { value: 500 }]);
    nats::write(&rows, domains.leaf.url(), "out.a").jetstream(nats::stream("OUT").domain("hub")).json();
    pipeline.run().expect("an end");
    assert_eq!(hub.messages("OUT"), 501);
}

#[test]
fn buckets_of_another_domain_are_read_and_written() {
    let domains = Domains::start();
    let (hub, leaf) = domains.js();
    let create = |js: &Js| {
        let config = kv::Config { bucket: "totals".to_owned(), ..kv::Config::default() };
        js.runtime.block_on(js.context.create_key_value(config)).expect("a bucket")
    };
    let (bucket, _) = (create(&hub), create(&leaf));
    let url = domains.leaf.url();
    let pipeline = Pipeline::named("reading");
    let of_hub = nats::read(&pipeline, &url, "totals").kv().domain("hub").json::<Total>().collect();
    let of_leaf = nats::read(&pipeline, &url, "totals").kv().json::<Total>().collect();
    let reading = pipeline.start().expect("a running pipeline");

    let total = |city: &str, sum| Total { city: city.to_owned(), sum };
    let pipeline = Pipeline::new();
    let rows = pipeline.commits(vec![
        vec![Change::insert(total("oslo", 1)), Change::insert(total("rome", 2))],
        vec![Change::remove(total("rome", 2)), Change::insert(total("not a key", 3))],
    ]);
    nats::write(&rows, &url, "totals").kv(|total| total.city.clone()).domain("hub").json();
    let running = pipeline.start().expect("a running pipeline");
    wait_for("the end", || running.is_finished());
    let sink = running.join().expect("statistics").sinks.remove(0);
    assert_eq!((sink.published, sink.rejected), (3, 1));

    wait_for("a row", || of_hub.rows() == [total("oslo", 1)]);
    let value = hub.runtime.block_on(bucket.get("oslo")).expect("an answer").expect("a value");
    assert!(value.starts_with(b"{\"city\":\"oslo\""), "{value:?}");
    assert_eq!(leaf.messages("KV_totals"), 0);
    stop(reading);
    assert!(of_leaf.rows().is_empty());
    run_twice(|rows| nats::write(rows, &url, "totals").kv(|_| "key".to_owned()).domain("hub").json());
    let value = hub.runtime.block_on(bucket.get("key")).expect("an answer").expect("a value");
    assert_eq!((value.as_ref(), leaf.messages("KV_totals")), (br#"{"value":2}"#.as_slice(), 0));
}

/// Exactly the permissions that the guide lists, with the domain in them.
#[test]
fn the_listed_permissions_are_enough_in_another_domain() {
    let publish = [
        "$JS.hub.API.STREAM.INFO.IN",
        "$JS.hub.API.STREAM.MSG.GET.IN",
        "$JS.hub.API.CONSUMER.INFO.IN.svc-in-hub",
        "$JS.hub.API.CONSUMER.CREATE.IN.svc-in-hub.in.>",
        "$JS.hub.API.CONSUMER.MSG.NEXT.IN.svc-in-hub",
        "$JS.ACK.IN.svc-in-hub.>",
        "$JS.hub.API.STREAM.INFO.KV_totals",
        "$JS.hub.API.$KV.totals.>",
    ];
    let permissions = json!({"publish": publish, "subscribe": ["_INBOX.>"]});
    let domains = Domains::start_with(&format!(
        "authorization {{ users: [{{ user: admin, password: p }}, \
         {{ user: svc, password: p, permissions: {permissions} }}] }}\nno_auth_user: admin"
    ));
    let (hub, _) = domains.js();
    hub.create(work_queue("IN"));
    let config = kv::Config { bucket: "totals".to_owned(), ..kv::Config::default() };
    hub.runtime.block_on(hub.context.create_key_value(config)).expect("a bucket");
    hub.publish("in.a", 0..10);
    let options = nats::Options::new().user_and_password("svc", "p");
    let pipeline = Pipeline::named("svc").nats_service(false);
    let source = nats::read(&pipeline, domains.leaf.url(), "in.>").name("in").options(options.clone());
    let rows = source.jetstream(nats::stream("IN").domain("hub")).json::<Input>();
    let sink = nats::write(&rows, domains.leaf.url(), "totals").options(options);
    sink.kv(|row| format!("k{}", row.value)).domain("hub").json();
    let running = pipeline.start().expect("a running pipeline");
    wait_for("acknowledgements", || hub.messages("IN") == 0);
    stop(running);
    assert_eq!(hub.values("KV_totals"), (0..10).collect::<Vec<_>>());
    assert!(!domains.leaf.log().contains("Violation"), "{}", domains.leaf.log());
}

#[test]
fn what_cannot_be_decoded_becomes_a_dead_letter_of_the_local_server() {
    let domains = Domains::start();
    let (hub, leaf) = domains.js();
    hub.create(of("hub", work_queue("IN")));
    leaf.create(stream("DEAD"));
    hub.publish_all([("in.hub.a".to_owned(), "no JSON".to_owned())]);
    let pipeline = Pipeline::new();
    let input = nats::read(&pipeline, domains.leaf.url(), "in.>").dead_letter("dead.in");
    drop(input.jetstream(nats::stream("IN").domain("hub")).json::<Input>().collect());
    let running = pipeline.start().expect("a running pipeline");
    wait_for("a dead letter", || leaf.messages("DEAD") == 1);
    wait_for("its termination", || hub.messages("IN") == 0);
    stop(running);
    assert_eq!(leaf.stored("DEAD")[0].2, "no JSON");
}

#[test]
fn errors_name_the_domain_that_was_asked_and_the_cure() {
    let domains = Domains::start();
    let (hub, leaf) = domains.js();
    hub.create(stream("IN"));
    let fails = |stream: nats::Stream, kind, words: &[&str]| {
        Reading::fails_to_start(&domains.leaf, "in.>", stream, kind, words);
    };
    fails(nats::stream("IN"), ErrorKind::Config, &["where domain `leaf` answers", "`.domain(..)`"]);
    leaf.create(stream("LOCAL"));
    fails(nats::stream("LOCAL").domain("hub"), ErrorKind::Config, &["no such stream", "in domain `hub`"]);
    fails(nats::stream("IN").domain("hup"), ErrorKind::Connect, &["no JetStream of domain `hup` answers"]);
    fails(nats::stream("IN").api_prefix("JS.x"), ErrorKind::Connect, &["no JetStream answers at `JS.x`"]);
    fails(nats::stream("IN").domain("a.b"), ErrorKind::Config, &["in: ", "`a.b` cannot be a JetStream domain"]);
    let both = nats::stream("IN").domain("hub").api_prefix("JS.x");
    fails(both, ErrorKind::Config, &["in: ", "remove one of the two"]);

    let write = |stream: nats::Stream| {
        let pipeline = Pipeline::new();
        let rows = pipeline.rows([Input { value: 1 }]);
        nats::write(&rows, domains.leaf.url(), "in.a").jetstream(stream).json();
        pipeline.run().expect_err("an error")
    };
    assert_error(&write(nats::stream("IN")), ErrorKind::Config, &["where domain `leaf` answers", "`.domain(..)`"]);
    let misplaced = nats::stream("IN").domain("hub");
    for (stream, setting) in [(misplaced.clone().start(nats::Start::New), "start"), (misplaced.durable("d"), "durable")]
    {
        assert_error(&write(stream), ErrorKind::Config, &[&format!("`.{setting}(..)`"), "remove it"]);
    }
    let pipeline = Pipeline::new();
    drop(nats::read(&pipeline, domains.leaf.url(), "limits").kv().domain("hub").json::<Input>());
    let error = pipeline.start().expect_err("an error");
    assert_error(&error, ErrorKind::Config, &["KV_limits", "in domain `hub`", "nats --js-domain hub kv add limits"]);
}
