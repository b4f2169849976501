//! What cannot be continued, or cannot persist at all, is an error that names it and the cure.

use std::time::Duration;

use pathway::ErrorKind;
use pathway::persistence::directory;
use pathway::prelude::*;

use super::{Folder, Order, create_streams, orders, service};
use crate::jetstream::support::{Js, server, work_queue};
use crate::support::{Input, assert_error, join, stop, wait_for};

#[derive(Schema)]
struct Deliveries {
    #[schema(delivered)]
    n: u64,
}

/// Runs the service until it has read 50 orders.
fn run_once(uri: &str, js: &Js, folder: &Folder) {
    create_streams(js);
    js.publish_all(orders(0..50));
    let running = service(uri).persist(folder.log_only()).start().unwrap();
    wait_for("all orders are counted", || super::counted(js) == 50);
    stop(running);
}

#[test]
fn inputs_that_cannot_be_read_again_are_refused() {
    let (server, folder) = (server(), Folder::new());
    let js = Js::new(&server);
    js.create(work_queue("QUEUE"));
    let refuse = |declare: &dyn Fn(&Pipeline), kind, words: &[&str]| {
        let pipeline = Pipeline::named("refused").persist(folder.log_only());
        declare(&pipeline);
        let error = pipeline.start().and_then(join).expect_err("refused");
        assert_error(&error, kind, words);
    };
    let uri = server.url();
    let newest = |pipeline: &Pipeline| {
        let stream = nats::stream("IN").start(nats::Start::LastPerSubject);
        drop(nats::read(pipeline, &uri, "in.>").jetstream(stream).json::<Input>().collect());
    };
    refuse(
        &newest,
        ErrorKind::Config,
        &["the messages of the source `in.>` cannot be read again", "put a stream in front"],
    );
    let queue = |pipeline: &Pipeline| {
        drop(nats::read(pipeline, &uri, "queue.>").jetstream("QUEUE").json::<Deliveries>().collect());
    };
    refuse(&queue, ErrorKind::Config, &["stream `QUEUE`", "cannot have a column `#[schema(delivered)]`"]);
    let every = |every| Pipeline::named("refused").persist(folder.directory().checkpoint_every(every));
    let error = every(Duration::ZERO).start().expect_err("no interval");
    assert_error(&error, ErrorKind::Config, &["`checkpoint_every` is zero", "10 s for example"]);
}

#[test]
fn a_directory_is_for_one_run_of_one_program() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    run_once(&uri, &js, &folder);
    let first = service(&uri).persist(folder.log_only()).start().unwrap();
    let error = service(&uri).persist(folder.log_only()).start().expect_err("in use");
    assert_error(&error, ErrorKind::Persistence, &["is in use", "end that one first"]);
    stop(first);

    let other = Pipeline::named("other").persist(folder.log_only());
    let seen = nats::read(&other, &uri, "in.>").jetstream("IN").json::<Order>().collect();
    let error = other.start().expect_err("another pipeline");
    assert_error(&error, ErrorKind::Persistence, &["has the state of the pipeline `persistent`, and this is `other`"]);
    drop(seen);
    let changed = Pipeline::named("persistent").persist(folder.log_only());
    let seen = nats::read(&changed, &uri, "in.>").jetstream("IN").json::<Order>().collect();
    let error = changed.start().expect_err("another program");
    assert_error(
        &error,
        ErrorKind::Persistence,
        &["has the log of another program", "run that program once more, and stop it"],
    );
    drop(seen);
}

#[test]
fn messages_that_the_log_needs_and_that_are_gone_are_an_error() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    run_once(&uri, &js, &folder);
    js.purge("IN");
    js.publish_all(orders(50..60));
    let error = service(&uri).persist(folder.log_only()).start().and_then(join).expect_err("lost");
    assert_error(&error, ErrorKind::Persistence, &["cannot be computed again", "the stream has lost messages"]);
}

#[test]
fn a_log_that_is_damaged_or_has_lost_its_end_is_an_error() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    run_once(&uri, &js, &folder);
    let log = folder.0.join("log-00000001");
    let bytes = std::fs::read(&log).expect("the log");
    let run = || service(&uri).persist(folder.log_only()).start().and_then(join);
    let mut damaged = bytes.clone();
    damaged[20] ^= 1;
    std::fs::write(&log, &damaged).expect("a file");
    assert_error(
        &run().expect_err("damaged"),
        ErrorKind::Persistence,
        &["log-00000001`: the record at byte 0 is not as it was written"],
    );
    // Only the record of the beginning is left.
    let first = 12 + u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize;
    std::fs::write(&log, &bytes[..first]).expect("a file");
    assert_error(&run().expect_err("cut"), ErrorKind::Persistence, &["the end of its log was lost", "stream `"]);
}

#[test]
fn an_output_stream_of_a_directory_that_was_lost_is_an_error() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    run_once(&uri, &js, &folder);
    let other = Folder(folder.0.with_extension("other"));
    let run = || service(&uri).persist(other.directory()).start();
    let error = run().and_then(join).expect_err("a new directory");
    assert_error(
        &error,
        ErrorKind::Persistence,
        &["with another directory", "restore that directory", "purge this one"],
    );
    ["OUT", "WINDOWS"].into_iter().for_each(|stream| js.purge(stream));
    let running = run().expect("a new beginning");
    wait_for("all orders are counted", || super::counted(&js) == 50);
    stop(running);
}

#[test]
fn files_of_others_in_the_directory_are_left_alone() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    ["notes.new", "part-x.new", "manifest.new"].into_iter().for_each(|file| {
        std::fs::write(folder.0.join(file), "text").expect("a file");
    });
    run_once(&uri, &js, &folder);
    assert!(folder.0.join("notes.new").exists() && folder.0.join("part-x.new").exists());
    assert!(!folder.0.join("manifest.new").exists());
    let error = Pipeline::named("nowhere").persist(directory("")).start().expect_err("no name");
    assert_error(&error, ErrorKind::Config, &["the name of a directory is empty"]);
}
