//! Streams and buckets of another account, whose API is imported with a prefix: each end works with exactly the exports and
//! imports that the guide lists.

use async_nats::jetstream::consumer::pull;
use async_nats::jetstream::kv;
use async_nats::jetstream::stream::Config;
use pathway::nats::Options;
use pathway::prelude::*;
use pathway_testkit::Server;
use serde_json::json;

use super::persistence::bucket_sinks::run_twice;
use super::support::{Js, stream, work_queue};
use crate::support::{Input, join, stop, wait_for};

const PREFIX: &str = "JS.other.API";

/// A service of the account `OTHER` that the account `OWN` imports: a subject of its API with the prefix, others as they are.
#[derive(Clone, Copy)]
enum Service {
    Api(&'static str),
    /// An endpoint that answers more than once.
    ApiStream(&'static str),
    Plain(&'static str),
    /// The subjects of a bucket's keys, which are written with the prefix of the API.
    Keys(&'static str),
}

/// A server on which `OWN` imports these services.
fn server(services: &[Service]) -> Server {
    server_with(services, "")
}

fn server_with(services: &[Service], more: &str) -> Server {
    let (mut exports, mut imports) = (Vec::new(), Vec::new());
    for service in services {
        let (subject, to) = match service {
            Service::Api(end) | Service::ApiStream(end) => (format!("$JS.API.{end}"), format!("{PREFIX}.{end}")),
            Service::Plain(subject) => ((*subject).to_owned(), (*subject).to_owned()),
            Service::Keys(subject) => ((*subject).to_owned(), format!("{PREFIX}.{subject}")),
        };
        let kind = if matches!(service, Service::ApiStream(_)) { "stream" } else { "singleton" };
        exports.push(json!({"service": subject, "response_type": kind, "accounts": ["OWN"]}));
        imports.push(json!({"service": {"account": "OTHER", "subject": subject}, "to": to}));
    }
    let (exports, imports) = (json!(exports), json!(imports));
    let config = format!(
        "accounts {{\n\
         OTHER {{ jetstream: enabled, users: [{{ user: admin, password: p }}], exports: {exports} }}\n\
         OWN {{ jetstream: enabled, users: [{{ user: svc, password: p }}], imports: {imports} }}\n\
         }}\nno_auth_user: admin\n{more}"
    );
    Server::builder().config(&config).start().expect("a server")
}

fn options() -> Options {
    Options::new().user_and_password("svc", "p")
}

/// Reads what was published before the start, and after a restart of the server.
fn read(services: &[Service], create: impl Fn(&Js), subject: &str, read: impl Fn(nats::Read) -> Table<Input>) {
    let mut server = server(services);
    let js = Js::new(&server);
    create(&js);
    js.publish(subject, [1]);
    let pipeline = Pipeline::named("svc");
    let name = if subject.starts_with("$KV.") { "in" } else { "in.>" };
    let seen = read(nats::read(&pipeline, server.url(), name).name("in").options(options())).collect();
    let running = pipeline.start().expect("a running pipeline");
    wait_for("a row", || running.stats().sources[0].rows == 1);
    server.restart().expect("a server");
    Js::new(&server).publish(subject, [2]);
    wait_for("another row", || running.stats().sources[0].rows == 2);
    stop(running);
    assert!(seen.rows().contains(&Input { value: 2 }));
}

#[test]
fn a_stream_is_read_with_the_listed_imports() {
    let services = [
        Service::Api("STREAM.INFO.IN"),
        Service::Api("STREAM.MSG.GET.IN"),
        Service::Api("CONSUMER.CREATE.IN.>"),
        Service::Api("CONSUMER.DELETE.IN.*"),
        Service::ApiStream("CONSUMER.MSG.NEXT.IN.*"),
    ];
    read(
        &services,
        |js| js.create(stream("IN")),
        "in.a",
        |read| read.jetstream(nats::stream("IN").api_prefix(PREFIX)).json(),
    );
}

#[test]
fn a_work_queue_is_read_and_acknowledged_with_the_listed_imports() {
    let services = [
        Service::Api("STREAM.INFO.IN"),
        Service::Api("STREAM.MSG.GET.IN"),
        Service::Api("CONSUMER.INFO.IN.*"),
        Service::Api("CONSUMER.CREATE.IN.>"),
        Service::ApiStream("CONSUMER.MSG.NEXT.IN.*"),
        Service::Plain("$JS.ACK.IN.>"),
    ];
    let server = server(&services);
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    js.publish("in.a", 0..1000);
    let pipeline = Pipeline::named("svc");
    let source = nats::read(&pipeline, server.url(), "in.>").name("in").options(options());
    let seen = source.jetstream(nats::stream("IN").api_prefix(PREFIX)).json::<Input>().collect();
    let running = pipeline.start().expect("a running pipeline");
    wait_for("acknowledgements", || js.messages("IN") == 0);
    assert_eq!(js.consumers("IN")[0].name, "svc-in-JS_other_API");
    stop(running);
    assert_eq!(seen.rows().len(), 1000);
    read(
        &services,
        |js| js.create(work_queue("IN")),
        "in.a",
        |read| read.jetstream(nats::stream("IN").api_prefix(PREFIX)).json(),
    );
}

#[test]
fn a_consumer_of_your_own_is_read_with_the_listed_imports() {
    let services = [
        Service::Api("STREAM.INFO.IN"),
        Service::Api("STREAM.MSG.GET.IN"),
        Service::Api("CONSUMER.INFO.IN.billing"),
        Service::ApiStream("CONSUMER.MSG.NEXT.IN.billing"),
        Service::Plain("$JS.ACK.IN.billing.>"),
    ];
    let create = |js: &Js| {
        js.create(stream("IN"));
        let (durable_name, filter_subject) = (Some("billing".to_owned()), "in.>".to_owned());
        js.create_consumer("IN", pull::Config { durable_name, filter_subject, ..Default::default() });
    };
    read(&services, create, "in.a", |read| {
        read.jetstream(nats::stream("IN").durable("billing").api_prefix(PREFIX)).json()
    });
}

#[test]
fn a_stream_is_written_with_the_listed_imports() {
    let server = server(&[Service::Api("STREAM.INFO.OUT"), Service::Plain("out.>")]);
    let js = Js::new(&server);
    js.create(Config { duplicate_window: std::time::Duration::from_secs(60), ..stream("OUT") });
    let pipeline = Pipeline::new();
    let (feed, rows) = pipeline.input::<Input>();
    let sink = nats::write(&rows, server.url(), "out.a").options(options());
    sink.jetstream(nats::stream("OUT").api_prefix(PREFIX)).json();
    let running = pipeline.start().expect("a running pipeline");
    for value in 0..500 {
        feed.insert(Input { value });
        feed.commit();
    }
    drop(feed);
    join(running).expect("an end");
    assert_eq!(js.values("OUT"), (0..500).collect::<Vec<_>>());
}

/// The other account's server has a domain, which does not matter here, and both accounts have a stream of this name.
#[test]
fn the_whole_api_can_be_imported() {
    let services = [Service::ApiStream(">"), Service::Plain("$JS.ACK.IN.>"), Service::Keys("$KV.totals.>")];
    let server = server_with(&services, "jetstream { domain: hub }");
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    js.publish("in.a", 0..100);
    let config = kv::Config { bucket: "totals".to_owned(), ..kv::Config::default() };
    js.runtime.block_on(js.context.create_key_value(config)).expect("a bucket");
    let own = async_nats::ConnectOptions::new().user_and_password("svc".to_owned(), "p".to_owned());
    let own = Js::with(&server, own);
    own.create(work_queue("IN"));
    own.publish("in.a", 1000..1001);
    let pipeline = Pipeline::named("svc");
    let source = nats::read(&pipeline, server.url(), "in.>").name("in").options(options());
    let rows = source.jetstream(nats::stream("IN").api_prefix(PREFIX)).json::<Input>();
    let sink = nats::write(&rows, server.url(), "totals").options(options());
    sink.kv(|row| format!("k{}", row.value)).api_prefix(PREFIX).json();
    let running = pipeline.start().expect("a running pipeline");
    wait_for("acknowledgements", || js.messages("IN") == 0);
    stop(running);
    assert_eq!(js.values("KV_totals"), (0..100).collect::<Vec<_>>());
    assert_eq!(own.messages("IN"), 1);
}

#[test]
fn a_bucket_is_read_and_written_with_the_listed_imports() {
    let create = |js: &Js| {
        let config = kv::Config { bucket: "in".to_owned(), ..kv::Config::default() };
        js.runtime.block_on(js.context.create_key_value(config)).expect("a bucket");
    };
    let services = [
        Service::Api("STREAM.INFO.KV_in"),
        Service::Api("STREAM.MSG.GET.KV_in"),
        Service::Api("CONSUMER.CREATE.KV_in.>"),
        Service::Api("CONSUMER.DELETE.KV_in.*"),
        Service::ApiStream("CONSUMER.MSG.NEXT.KV_in.*"),
    ];
    read(&services, create, "$KV.in.key", |read| read.kv().api_prefix(PREFIX).json());
    let server = server(&[Service::Api("STREAM.INFO.KV_in"), Service::Keys("$KV.in.>")]);
    let js = Js::new(&server);
    create(&js);
    let pipeline = Pipeline::new();
    let rows = pipeline.rows((0..100).map(|value| Input { value }));
    let sink = nats::write(&rows, server.url(), "in").options(options());
    sink.kv(|row| format!("k{}", row.value)).api_prefix(PREFIX).json();
    pipeline.run().expect("an end");
    assert_eq!(js.values("KV_in"), (0..100).collect::<Vec<_>>());
    assert_eq!(js.stored("KV_in")[7].1, "$KV.in.k7");
    let services = ["STREAM.INFO.KV_in", "STREAM.MSG.GET.KV_in"].map(Service::Api);
    let server = self::server(&[&services[..], &[Service::Keys("$KV.in.>")]].concat());
    let js = Js::new(&server);
    create(&js);
    run_twice(|rows| {
        let sink = nats::write(rows, server.url(), "in").options(options());
        sink.kv(|_| "key".to_owned()).api_prefix(PREFIX).json();
    });
    assert_eq!(js.values("KV_in"), [2]);
}
