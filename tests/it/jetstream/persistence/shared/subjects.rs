//! The subjects of a sink's own in a shared stream: other ones than in the last run, and rows with others.

use async_nats::jetstream::stream::Config;
use pathway::prelude::*;

use super::super::crashes::check_ids;
use super::super::{Folder, Order, gated_sum, orders};
use super::{SHARED_STREAM, add, create_output, create_streams, output};
use crate::delivery::child::Child;
use crate::jetstream::support::{Js, server, stream};
use crate::support::{Gate, stop, wait_for};

/// Two sinks, each with some subjects: the first letter of an order's city decides. Its stream, or its filter, takes only some of
/// them.
pub(crate) fn routing_service(uri: &str) -> Pipeline {
    let pipeline = Pipeline::named("routing");
    let orders = nats::read(&pipeline, uri, "in.>").jetstream("IN").json::<Order>();
    let route = |to: &'static str| move |order: &Order| format!("{to}.{}", &order.city[..1]);
    let shared = nats::write(&orders, uri, "").name("shared").subject(route("shared")).jetstream("SHARED");
    shared.atomic().filter_subject("shared.a").json();
    nats::write(&orders, uri, "").name("out").subject(route("out")).jetstream("OUT").json();
    pipeline
}

fn start(role: &str, uri: &str, folder: &Folder, filter: &str) -> Child {
    Child::start(role, uri, &[("PATHWAY_PERSISTENT_STORAGE", folder.path()), ("PATHWAY_TEST_FILTER", filter)])
}

/// Ends a process in an orderly way. Returns what it has said.
fn end(child: Child) -> String {
    child.signal("TERM");
    let (status, said) = child.end();
    assert!(status.success(), "{said}");
    said
}

fn order(id: i64, city: &str) -> (String, String) {
    ("in.orders".to_owned(), format!(r#"{{"id": {id}, "city": "{city}", "at": 12}}"#))
}

#[test]
fn a_sink_that_was_stopped_goes_on_with_other_subjects() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    create_streams(&js);
    let start = |filter: &str| start("share with checkpoints", &uri, &folder, filter);
    // Of one city after the other, so that the last message of some subjects is older than that of all.
    js.publish_all(orders(0..50).chain([order(50, "Oslo"), order(51, "Rome")]));
    let child = start("shared.out.*");
    SHARED_STREAM.wait_for_orders(&child, &js, 52);
    end(child);
    let run = |filter: &str, id: i64| {
        let before = output(&js, "shared.out.Oslo");
        let child = start(filter);
        js.publish_all([order(id, "Oslo")]);
        wait_for("the next sum", || output(&js, "shared.out.Oslo").len() == before.len() + 2);
        let said = end(child);
        assert!(!said.contains("were removed"), "nothing was: {said}");
        assert_eq!(output(&js, "shared.out.Oslo")[..before.len()], before);
    };
    // Fewer, and then more: another program has used these meanwhile.
    run("shared.out.Oslo", 60);
    js.publish("shared.out.Rome", [-1]);
    run("shared.out.>", 70);
    run("shared.out.>", 80);
}

/// With `.atomic()`, others may write into the stream; without, what they wrote before is no other writer's.
#[test]
fn a_sink_that_was_stopped_becomes_atomic_or_ceases_to_be() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    create_streams(&js);
    for (round, is_atomic) in [true, false, false, true, true, false].into_iter().enumerate() {
        let pipeline = Pipeline::named("sum").persist(folder.directory());
        let sink = nats::write(&gated_sum(&pipeline, &uri, &Gate::default()), &uri, "shared.sum").name("sum");
        let sink = sink.jetstream("SHARED");
        if is_atomic { sink.atomic() } else { sink }.json();
        let running = pipeline.start().unwrap();
        add(&js, round as i64, 2 * round + 1);
        if is_atomic {
            js.publish("shared.other", [-1]);
        }
        stop(running);
    }
    check_ids(&output(&js, "shared.sum"));
}

/// Only the same program can say how much of its output is stored.
#[test]
fn a_sink_that_was_killed_must_go_on_with_its_subjects_first() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    create_streams(&js);
    js.publish_all(orders(0..50));
    let child = start("share without checkpoints", &uri, &folder, "shared.out.*");
    SHARED_STREAM.wait_for_orders(&child, &js, 50);
    child.signal("KILL");
    child.end();
    let before = js.messages("SHARED");
    for filter in ["shared.out.Oslo", "shared.out.>"] {
        let (status, said) = start("share without checkpoints", &uri, &folder, filter).end();
        assert!(!status.success(), "{filter}: {said}");
        assert!(said.contains("log of another program") && said.contains("run that program once more"), "{said}");
    }
    assert_eq!(js.messages("SHARED"), before);
    let child = start("share with checkpoints", &uri, &folder, "shared.out.*");
    js.publish_all(orders(50..60));
    SHARED_STREAM.wait_for_orders(&child, &js, 60);
    end(child);
    let child = start("share with checkpoints", &uri, &folder, "shared.out.>");
    js.publish_all(orders(60..70));
    SHARED_STREAM.wait_for_orders(&child, &js, 70);
    end(child);
}

/// The rows are computed again, and not written again, for the reason that holds.
#[test]
fn a_row_that_was_not_written_is_reported_again_for_the_reason_that_holds() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    let with_subjects = |subject: &str| Config { subjects: vec![subject.to_owned()], ..stream("OUT") };
    js.create(stream("IN"));
    create_output(&js, serde_json::json!({}));
    js.create(with_subjects("out.a"));
    js.publish_all([order(0, "b")]);
    let run = |messages: u64| {
        let child = start("route without checkpoints", &uri, &folder, "");
        js.publish_all([order(messages as i64, "a")]);
        wait_for("the output", || js.messages("SHARED") == messages && js.messages("OUT") == messages);
        end(child)
    };
    let (own, taken) = ("does not match `shared.a`, the sink's own subjects", "does not take the subject `out.b`");
    let said = run(1);
    assert!(said.contains(own) && said.contains(taken), "{said}");
    let said = run(2);
    assert!(said.contains(own) && said.contains(taken), "{said}");
    // The stream takes it now, and does not get it.
    js.runtime.block_on(js.context.update_stream(with_subjects("out.*"))).expect("updated");
    let said = run(3);
    assert!(said.contains(own) && !said.contains(taken), "{said}");
    assert!(
        said.contains("out: a message for `out.b` cannot be published: an earlier run could not write it"),
        "{said}"
    );
}
