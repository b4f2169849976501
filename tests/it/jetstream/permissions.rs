//! Each end works with exactly the permissions that the guide lists, also after a lost connection.

use async_nats::jetstream::kv;
use async_nats::jetstream::stream::{Config, RetentionPolicy};
use pathway::nats::{self, Options};
use pathway::persistence::Persistence;
use pathway::prelude::*;
use pathway::testing::Store;
use pathway::{ErrorKind, Running};
use pathway_testkit::Server;
use serde_json::json;

use super::persistence::bucket_sinks::run_twice;
use super::support::{Js, atomic, interest, stream, work_queue};
use crate::delivery::child::Child;
use crate::support::{Input, assert_error, stop, value, wait_for};

const INBOX: &str = "_INBOX_svc.>";

/// A server on which the user `svc` has these permissions, and everybody else has all.
fn server(publish: &[&str], subscribe: &[&str]) -> Server {
    let permissions = json!({"publish": publish, "subscribe": subscribe});
    let config = format!(
        "accounts {{ A {{ jetstream: enabled, users: [{{ user: admin, password: p }}, \
         {{ user: svc, password: p, permissions: {permissions} }}] }} }}\nno_auth_user: admin"
    );
    Server::builder().config(&config).start().expect("a server")
}

/// A pipeline without the service of `nats micro`, which needs rights of its own.
fn svc() -> Pipeline {
    Pipeline::named("svc").nats_service(false)
}

fn options() -> Options {
    Options::new().user_and_password("svc", "p").inbox_prefix("_INBOX_svc")
}

fn create(js: &Js, name: &str) {
    match name {
        "IN" => js.create(stream("IN")),
        "QUEUE" => js.create(Config { name: "QUEUE".to_owned(), ..work_queue("IN") }),
        "SHARED" => {
            let retention = RetentionPolicy::Interest;
            js.create(Config { name: "SHARED".to_owned(), retention, ..stream("IN") });
        }
        _ => {
            let config = kv::Config { bucket: "in".to_owned(), ..kv::Config::default() };
            js.runtime.block_on(js.context.create_key_value(config)).expect("a bucket");
        }
    }
}

/// Reads before and after a restart of the server, with these permissions to publish.
fn read(publish: &[&str], name: &str, subject: &str, read: impl Fn(nats::Read, &str) -> Table<Input>) {
    let mut server = server(publish, &[INBOX]);
    let js = Js::new(&server);
    create(&js, name);
    if publish.iter().all(|subject| !subject.contains("CREATE")) {
        let config = async_nats::jetstream::consumer::pull::Config {
            durable_name: Some("svc-in".to_owned()),
            filter_subject: "in.a.>".to_owned(),
            ..Default::default()
        };
        js.create_consumer(name, config);
    }
    let pipeline = svc();
    let source = nats::read(&pipeline, server.url(), if name == "KV_in" { "in" } else { "in.a.>" });
    let seen = read(source.name("in").options(options()), name).collect();
    let running = pipeline.start().unwrap_or_else(|error| panic!("{name}: {error}"));
    js.publish(subject, [1]);
    wait_for("a row", || running.stats().sources[0].rows == 1);
    server.restart().expect("a server");
    Js::new(&server).publish(subject, [2]);
    wait_for("another row", || running.stats().sources[0].rows == 2);
    stop(running);
    assert!(seen.rows().contains(&Input { value: 2 }));
    assert!(!server.log().contains("Violation"), "{name}: {}", server.log());
}

#[test]
fn streams_and_buckets_are_read_with_the_listed_permissions() {
    let of_stream = |read: nats::Read, name: &str| read.jetstream(name).json::<Input>();
    read(
        &[
            "$JS.API.STREAM.INFO.IN",
            "$JS.API.STREAM.MSG.GET.IN",
            "$JS.API.CONSUMER.CREATE.IN.*.in.a.>",
            "$JS.API.CONSUMER.DELETE.IN.*",
            "$JS.API.CONSUMER.MSG.NEXT.IN.*",
        ],
        "IN",
        "in.a.x",
        of_stream,
    );
    let queue = [
        "$JS.API.STREAM.INFO.QUEUE",
        "$JS.API.STREAM.MSG.GET.QUEUE",
        "$JS.API.CONSUMER.INFO.QUEUE.svc-in",
        "$JS.API.CONSUMER.MSG.NEXT.QUEUE.svc-in",
        "$JS.ACK.QUEUE.svc-in.>",
        "$JS.API.CONSUMER.CREATE.QUEUE.svc-in.in.a.>",
    ];
    read(&queue, "QUEUE", "in.a.x", of_stream);
    let shared = queue.map(|right| right.replace("QUEUE", "SHARED"));
    read(&shared.each_ref().map(String::as_str), "SHARED", "in.a.x", of_stream);
    let of_durable =
        |read: nats::Read, name: &str| read.jetstream(nats::stream(name).durable("svc-in")).json::<Input>();
    read(&queue[..5], "QUEUE", "in.a.x", of_durable);
    read(
        &[
            "$JS.API.STREAM.INFO.KV_in",
            "$JS.API.STREAM.MSG.GET.KV_in",
            "$JS.API.CONSUMER.CREATE.KV_in.*.$KV.in.>",
            "$JS.API.CONSUMER.DELETE.KV_in.*",
            "$JS.API.CONSUMER.MSG.NEXT.KV_in.*",
        ],
        "KV_in",
        "$KV.in.x",
        |read, _| read.kv().json::<Input>(),
    );
}

/// Writes one row with these permissions.
fn write(publish: &[&str], write: impl Fn(&Table<Input>, &str)) -> (Server, Js) {
    write_with(svc(), publish, write)
}

fn write_with(pipeline: Pipeline, publish: &[&str], write: impl Fn(&Table<Input>, &str)) -> (Server, Js) {
    let server = server(publish, &[INBOX]);
    let js = Js::new(&server);
    js.create_with(&atomic("IN", json!({})));
    create(&js, "KV_in");
    let (feed, rows) = pipeline.input::<Input>();
    write(&rows, &server.url());
    let running: Running = pipeline.start().expect("a running pipeline");
    feed.insert(Input { value: 1 });
    feed.commit();
    wait_for("the message", || running.stats().sinks[0].published == 1);
    stop(running);
    assert!(!server.log().contains("Violation"), "{}", server.log());
    (server, js)
}

#[test]
fn streams_and_buckets_are_written_with_the_listed_permissions() {
    let (_server, js) = write(&["in.a", "$JS.API.STREAM.INFO.IN"], |rows, uri| {
        nats::write(rows, uri, "in.a").options(options()).jetstream("IN").json();
    });
    assert_eq!(js.messages("IN"), 1);
    let (_server, js) = write(&["$KV.in.>", "$JS.API.STREAM.INFO.KV_in"], |rows, uri| {
        nats::write(rows, uri, "in").options(options()).kv(|_| "key".to_owned()).json();
    });
    assert_eq!(js.messages("KV_in"), 1);
    let publish = ["$KV.in.>", "$JS.API.STREAM.INFO.KV_in", "$JS.API.STREAM.MSG.GET.KV_in"];
    let server = server(&publish, &[INBOX]);
    let js = Js::new(&server);
    create(&js, "KV_in");
    run_twice(|rows| {
        nats::write(rows, server.url(), "in").options(options()).kv(|_| "key".to_owned()).json();
    });
    assert_eq!(js.values("KV_in"), [2]);
    assert!(!server.log().contains("Violation"), "{}", server.log());
    let (_server, js) = write(&["in.a", INBOX], |rows, uri| {
        nats::write(rows, uri, "in.a").options(options()).json();
    });
    assert_eq!(js.messages("IN"), 1);
}

#[test]
fn streams_are_written_by_pipelines_that_persist_with_the_listed_permissions() {
    let publish = ["in.a", "$JS.API.STREAM.INFO.IN", "$JS.API.STREAM.MSG.GET.IN"];
    for is_atomic in [false, true] {
        let persistence = Persistence::from(&Store::new());
        let (_server, js) = write_with(svc().persist(persistence), &publish, |rows, uri| {
            let write = nats::write(rows, uri, "in.a").options(options()).jetstream("IN");
            if is_atomic { write.atomic().json() } else { write.json() }
        });
        assert_eq!(js.messages("IN"), 1);
    }
}

#[test]
fn core_nats_is_read_with_the_listed_permissions() {
    let server = server(&[INBOX], &["in.a.>", INBOX]);
    let pipeline = svc();
    let seen = nats::read(&pipeline, server.url(), "in.a.>").options(options()).json::<Input>().collect();
    let running = pipeline.start().expect("a running pipeline");
    let js = Js::new(&server);
    let sent = js.client.publish("in.a.x", r#"{"value":1}"#.into());
    js.runtime.block_on(sent).expect("a publication");
    js.runtime.block_on(js.client.flush()).expect("a flush");
    wait_for("a row", || seen.rows() == [Input { value: 1 }]);
    stop(running);
    assert!(!server.log().contains("Violation"), "{}", server.log());
}

/// It cannot look at messages, and cannot delete its earlier consumers.
#[test]
fn a_stream_is_read_on_without_permissions_that_only_help() {
    let publish = ["$JS.API.STREAM.INFO.IN", "$JS.API.CONSUMER.CREATE.IN.*.in.a.>", "$JS.API.CONSUMER.MSG.NEXT.IN.*"];
    let mut server = server(&publish, &[INBOX]);
    let js = Js::new(&server);
    create(&js, "IN");
    let pipeline = svc();
    let input = nats::read(&pipeline, server.url(), "in.a.>").options(options()).jetstream("IN").json::<Input>();
    let seen = input.collect();
    let running = pipeline.start().expect("a running pipeline");
    js.publish("in.a.x", [1]);
    wait_for("a row", || seen.rows().len() == 1);
    for restarts in 1..=3 {
        server.restart().expect("a server");
        Js::new(&server).publish("in.a.x", [restarts + 1]);
        wait_for("another row", || seen.rows().len() == restarts as usize + 1);
    }
    stop(running);
}

/// A slow source asks once how many messages are unread, is refused, says so, and goes on.
#[test]
fn some_subjects_of_a_stream_are_read_on_without_the_permission_to_count_them() {
    let publish = [
        "$JS.API.STREAM.INFO.IN",
        "$JS.API.STREAM.MSG.GET.IN",
        "$JS.API.CONSUMER.CREATE.IN.*.in.a",
        "$JS.API.CONSUMER.DELETE.IN.*",
        "$JS.API.CONSUMER.MSG.NEXT.IN.*",
    ];
    let server = server(&publish, &["_INBOX.>"]);
    let js = Js::new(&server);
    create(&js, "IN");
    let mixed = |count: i64| (0..count).map(|n| (["in.a", "in.b"][n as usize % 2].to_owned(), value(n)));
    js.publish_all(mixed(400));
    let child = Child::start("read some subjects slowly", &format!("nats://svc:p@{}", server.host_port()), &[]);
    wait_for("the first message", || child.said().contains("read 0"));
    js.publish_all(mixed(400));
    wait_for("all messages", || child.said().matches("\nread ").count() >= 399);
    child.signal("TERM");
    let (status, said) = child.end();
    assert!(status.success(), "{said}");
    assert_eq!(said.matches("the source cannot always count messages").count(), 1, "{said}");
    assert_eq!(server.log().matches("Violation").count(), 1, "{}", server.log());
}

/// The source may not create a consumer that only counts.
#[test]
fn some_subjects_of_an_interest_stream_are_read_on_without_the_permission_to_create_consumers() {
    let publish = [
        "$JS.API.STREAM.INFO.IN",
        "$JS.API.STREAM.MSG.GET.IN",
        "$JS.API.CONSUMER.INFO.IN.*",
        "$JS.API.CONSUMER.MSG.NEXT.IN.*",
        "$JS.ACK.IN.>",
    ];
    let server = server(&publish, &["_INBOX.>"]);
    let js = Js::new(&server);
    js.create(interest("IN"));
    // The first run creates the durable consumer.
    let creates = Child::start("read some subjects slowly", &server.url(), &[]);
    wait_for("the consumer", || !js.consumers("IN").is_empty());
    js.publish("in.a", [-1]);
    wait_for("the first message", || creates.said().contains("read -1"));
    creates.signal("TERM");
    assert!(creates.end().0.success());
    let mixed = |count: i64| (0..count).map(|n| (["in.a", "in.b"][n as usize % 2].to_owned(), value(n)));
    js.publish_all(mixed(400));
    let child = Child::start("read some subjects slowly", &format!("nats://svc:p@{}", server.host_port()), &[]);
    wait_for("the first message", || child.said().contains("read 0"));
    // What the consumer says is not enough once the first unread message is gone.
    let purge = async {
        let stream = js.context.get_stream("IN").await.expect("a stream");
        stream.purge().filter("in.a").keep(50).await.expect("a purge")
    };
    js.runtime.block_on(purge);
    js.publish_all(mixed(400));
    wait_for("the last message", || child.said().contains("read 398"));
    wait_for("all messages", || child.said().matches("\nread ").count() > 200);
    child.signal("TERM");
    let (status, said) = child.end();
    assert!(status.success(), "{said}");
    let warning =
        "without permission to publish on `$JS.API.CONSUMER.CREATE.IN.*.in.a`, the source cannot always count";
    assert_eq!(said.matches(warning).count(), 1, "{said}");
    assert_eq!(server.log().matches("Violation").count(), 1, "{}", server.log());
}

/// With the permission to look at messages, and without it.
#[test]
fn keys_that_leave_a_bucket_are_noticed_with_the_listed_permissions() {
    let publish = [
        "$JS.API.STREAM.INFO.KV_in",
        "$JS.API.CONSUMER.CREATE.KV_in.*.$KV.in.>",
        "$JS.API.CONSUMER.DELETE.KV_in.*",
        "$JS.API.CONSUMER.MSG.NEXT.KV_in.*",
        "$JS.API.STREAM.MSG.GET.KV_in",
    ];
    for publish in [&publish[..], &publish[..4]] {
        let server = server(publish, &[INBOX]);
        let js = Js::new(&server);
        js.create_with(&json!({
            "name": "KV_in", "subjects": ["$KV.in.>"], "max_msgs_per_subject": 1, "allow_msg_ttl": true}));
        let pipeline = svc();
        let seen = nats::read(&pipeline, server.url(), "in").options(options()).kv().json::<Input>().collect();
        let running = pipeline.start().expect("a running pipeline");
        (1..=3).for_each(|n| js.publish(&format!("$KV.in.k{n}"), [n]));
        let mut raw = super::support::RawClient::new(&server);
        raw.publish(b"$KV.in.k4", b"\r\nNats-TTL: 1s", r#"{"value":4}"#);
        raw.publish(b"$KV.in.k5", b"\r\nNats-TTL: 1s", r#"{"value":5}"#);
        wait_for("the rows", || seen.rows().len() == 5);
        wait_for("the expiry", || seen.rows().len() == 3);
        let request = js.client.request("$JS.API.STREAM.PURGE.KV_in", r#"{"filter":"$KV.in.k2"}"#.into());
        js.runtime.block_on(request).expect("an answer");
        wait_for("the removal", || seen.rows() == [1, 3].map(|value| Input { value }));
        stop(running);
        assert_eq!(server.log().contains("Violation"), publish.len() == 4, "{}", server.log());
    }
}

/// What is missing is named so that it holds for every run: without the names of one inbox or one consumer.
#[test]
fn a_missing_permission_is_named_with_what_to_allow() {
    let of_stream = |server: &Server, name: &str| {
        let pipeline = svc();
        let read = nats::read(&pipeline, server.url(), "in.a.>").name("in").options(options());
        drop(read.jetstream(name).json::<Input>().collect());
        let running = pipeline.start()?;
        Js::new(server).publish("in.a.x", [1]);
        crate::support::join(running)
    };
    let rights = ["INFO.IN", "CREATE.IN.*.in.a.>", "NEXT.IN.*"];
    let limits = ["$JS.API.STREAM.INFO.IN", "$JS.API.CONSUMER.CREATE.IN.*.in.a.>", "$JS.API.CONSUMER.MSG.NEXT.IN.*"];
    for (denied, right) in limits.iter().zip(rights) {
        let publish: Vec<_> = limits.iter().filter(|right| *right != denied).copied().collect();
        let server = server(&publish, &[INBOX]);
        create(&Js::new(&server), "IN");
        let error = of_stream(&server, "IN").expect_err(denied);
        assert_error(&error, ErrorKind::Authorization, &[&format!(": allow the user to publish on `{denied}`"), right]);
    }
    let queue = ["$JS.API.STREAM.INFO.QUEUE", "$JS.API.CONSUMER.*.QUEUE.>", "$JS.API.CONSUMER.MSG.NEXT.QUEUE.svc-in"];
    let queue_server = server(&queue, &[INBOX]);
    create(&Js::new(&queue_server), "QUEUE");
    let error = of_stream(&queue_server, "QUEUE").expect_err("no right to acknowledge");
    assert_error(&error, ErrorKind::Authorization, &[": allow the user to publish on `$JS.ACK.QUEUE.svc-in.>`"]);
    let no_inbox = server(&limits, &["other"]);
    create(&Js::new(&no_inbox), "IN");
    let error = of_stream(&no_inbox, "IN").expect_err("no right to an inbox");
    assert_error(&error, ErrorKind::Authorization, &[": allow the user to subscribe to `_INBOX_svc.>`"]);
    let core = server(&[INBOX], &[INBOX]);
    let pipeline = svc();
    drop(nats::read(&pipeline, core.url(), "in.a.>").options(options()).json::<Input>().collect());
    let error = pipeline.start().map(drop).expect_err("no right to subscribe");
    assert_error(&error, ErrorKind::Authorization, &[": allow the user to subscribe to `in.a.>`"]);
}

/// The server refuses the subscription on which the messages would arrive, and says so outside of any answer.
#[test]
fn too_many_subscriptions_are_an_error_at_start() {
    let server = Server::builder().config("max_subscriptions: 1").start().expect("a server");
    let mut admin = super::support::RawClient::new(&server);
    let config = json!({"name": "IN", "subjects": ["in.>"]});
    let request = format!("PUB $JS.API.STREAM.CREATE.IN {}\r\n{config}\r\n", config.to_string().len());
    admin.send(request.as_bytes());
    let pipeline = Pipeline::new();
    drop(nats::read(&pipeline, server.url(), "in.>").name("in").jetstream("IN").json::<Input>().collect());
    let running = pipeline.start();
    let error = match running {
        Err(error) => error,
        Ok(running) => crate::support::join(running).expect_err("an error"),
    };
    assert_error(&error, ErrorKind::Authorization, &["in: ", "maximum subscriptions exceeded", "max_subscriptions"]);
}
