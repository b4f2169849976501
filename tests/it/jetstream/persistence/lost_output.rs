//! An output stream that has lost what the pipeline wrote, or is another one.

use std::time::Duration;

use pathway::ErrorKind;
use pathway::persistence::Persistence;
use pathway::prelude::*;

use super::{Folder, Order, create_outputs, orders, output};
use crate::jetstream::restored::Restorable;
use crate::jetstream::support::{Js, server, stream, work_queue};
use crate::support::{assert_error, join, stop, wait_for};

/// Sums by city of the stream `IN` of one server, into the stream `OUT` of another one.
fn sums(input: &str, output: &str, state: Persistence) -> Pipeline {
    let pipeline = Pipeline::named("persistent").persist(state);
    let orders = nats::read(&pipeline, input, "in.>").jetstream("IN").json::<Order>();
    let sums = reduce!(o in orders by o.city => { o.city, ids: sum(o.id), n: count() });
    nats::write(&sums, output, "").subject(|s| format!("out.{}", s.city)).jetstream("OUT").json();
    pipeline
}

/// Publishes the next hundred orders, and waits until they are counted. A stop makes a checkpoint.
fn run(pipeline: Pipeline, round: i64, input: &Js, output: &Js) {
    input.publish_all(orders(round * 100..(round + 1) * 100));
    let running = pipeline.start().unwrap();
    wait_for("all orders are counted", || super::counted(output) == (round + 1) * 100);
    stop(running);
}

#[test]
fn output_that_its_stream_has_lost_is_written_again() {
    let (server, mut outputs, folder) = (server(), Restorable::start("output"), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    js.create(stream("IN"));
    create_outputs(&outputs.js());
    let to = outputs.server.url();
    let pipeline = || sums(&uri, &to, folder.directory());
    run(pipeline(), 0, &js, &outputs.js());
    run(pipeline(), 1, &js, &outputs.js());
    outputs.back_up();
    run(pipeline(), 2, &js, &outputs.js());
    run(pipeline(), 3, &js, &outputs.js());
    let written = output(&outputs.js(), "OUT");
    outputs.restore(|_| {});
    assert!(output(&outputs.js(), "OUT").len() < written.len());

    let error = pipeline().start().and_then(join).expect_err("lost output");
    let words = ["stream `OUT`", "its server has lost messages", "goes back to its checkpoint", "start it again"];
    assert_error(&error, ErrorKind::Persistence, &words);
    let running = pipeline().start().unwrap();
    wait_for("all orders are counted", || super::counted(&outputs.js()) == 400);
    stop(running);
    assert_eq!(output(&outputs.js(), "OUT"), written);
    run(pipeline(), 4, &js, &outputs.js());
}

#[test]
fn output_that_is_lost_while_the_pipeline_runs_is_written_by_the_next_run() {
    let (server, mut outputs, folder) = (server(), Restorable::start("running"), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    js.create(stream("IN"));
    create_outputs(&outputs.js());
    let to = outputs.server.url();
    let pipeline = || sums(&uri, &to, folder.directory().checkpoint_every(Duration::from_millis(20)));
    run(pipeline(), 0, &js, &outputs.js());
    outputs.back_up();
    let running = pipeline().start().unwrap();
    js.publish_all(orders(100..200));
    wait_for("all orders are counted", || super::counted(&outputs.js()) == 200);
    let written = output(&outputs.js(), "OUT");
    outputs.restore(|_| {});
    let error = join(running).expect_err("lost output");
    assert_error(&error, ErrorKind::Persistence, &["stream `OUT`", "goes back to its checkpoint", "start it again"]);
    let running = pipeline().start().unwrap();
    wait_for("all orders are counted", || super::counted(&outputs.js()) == 200);
    stop(running);
    assert_eq!(output(&outputs.js(), "OUT"), written);
}

#[test]
fn without_an_earlier_checkpoint_or_the_input_lost_output_is_an_error() {
    for (queue, words) in [(false, "no earlier checkpoint is old enough"), (true, "acknowledged and gone")] {
        let (server, mut outputs, folder) = (server(), Restorable::start(&format!("error-{queue}")), Folder::new());
        let (js, uri) = (Js::new(&server), server.url());
        js.create(if queue { work_queue("IN") } else { stream("IN") });
        create_outputs(&outputs.js());
        let to = outputs.server.url();
        let keep = Duration::from_secs(if queue { 300 } else { 0 });
        let pipeline = || sums(&uri, &to, folder.directory().keep_checkpoints(keep));
        run(pipeline(), 0, &js, &outputs.js());
        outputs.back_up();
        run(pipeline(), 1, &js, &outputs.js());
        outputs.restore(|_| {});
        for _ in 0..2 {
            let error = pipeline().start().and_then(join).expect_err("lost output");
            assert_error(&error, ErrorKind::Persistence, &["stream `OUT`", "its server has lost messages", words]);
        }
    }
}

#[test]
fn an_output_stream_that_was_created_anew_is_an_error_but_for_a_sink_with_another_name() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    js.create(stream("IN"));
    create_outputs(&js);
    run(sums(&uri, &uri, folder.directory()), 0, &js, &js);
    js.delete("OUT");
    js.delete("WINDOWS");
    create_outputs(&js);
    let error = sums(&uri, &uri, folder.directory()).start().and_then(join).expect_err("another stream");
    let words = ["stream `OUT`", "that was created 20", "restore that stream", "a name of its own (`name`)"];
    assert_error(&error, ErrorKind::Persistence, &words);

    let pipeline = Pipeline::named("persistent").persist(folder.directory());
    let input = nats::read(&pipeline, &uri, "in.>").jetstream("IN").json::<Order>();
    let sums = reduce!(o in input by o.city => { o.city, ids: sum(o.id), n: count() });
    nats::write(&sums, &uri, "").subject(|s| format!("out.{}", s.city)).jetstream("OUT").name("again").json();
    js.publish_all(orders(100..200));
    let running = pipeline.start().unwrap();
    wait_for("the next orders are counted", || super::counted(&js) == 100);
    stop(running);
}
