//! A server that is restored from an older copy of its streams: new messages get sequences that were read before.

use std::fs;
use std::path::{Path, PathBuf};

use async_nats::jetstream::kv;
use pathway::persistence::Persistence;
use pathway::prelude::*;
use pathway::testing::Store;
use pathway::{ErrorKind, Running};
use pathway_testkit::Server;

use super::support::{Js, stream};
use crate::support::{Input, assert_error, join, stop, wait_for};

/// A server whose files can be replaced while it is stopped.
pub(super) struct Restorable {
    pub(super) server: Server,
    store: PathBuf,
}

impl Restorable {
    pub(super) fn start(name: &str) -> Self {
        let store = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("restored-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&store);
        let server = server_with(&store);
        Restorable { server, store }
    }

    pub(super) fn js(&self) -> Js {
        Js::new(&self.server)
    }

    fn copy_path(&self) -> PathBuf {
        self.store.with_extension("copy")
    }

    /// Copies the files.
    pub(super) fn back_up(&mut self) {
        self.server.stop();
        copy(&self.store, &self.copy_path());
        self.server.restart().expect("a server");
    }

    /// Replaces the files by the copy, and changes the streams before anyone else is connected.
    pub(super) fn restore(&mut self, change: impl FnOnce(&Js)) {
        self.server.stop();
        fs::remove_dir_all(&self.store).expect("a removal");
        fs::rename(self.copy_path(), &self.store).expect("a copy");
        let mut other = server_with(&self.store);
        change(&Js::new(&other));
        other.stop();
        self.server.restart().expect("a server");
    }
}

impl Drop for Restorable {
    fn drop(&mut self) {
        self.server.stop();
        let _ = fs::remove_dir_all(&self.store);
    }
}

fn server_with(store: &Path) -> Server {
    let config = format!("jetstream {{ store_dir: '{}' }}", store.display());
    Server::builder().jetstream(false).config(&config).start().expect("a server")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        match entry.file_type().expect("a type").is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).expect("a copy")),
        }
    }
}

fn read(server: &Server, subject: &str, transport: &str) -> Running {
    let pipeline = Pipeline::named("test");
    let read = nats::read(&pipeline, server.url(), subject);
    match transport {
        "kv" => drop(read.kv().json::<Input>().collect()),
        stream => drop(read.jetstream(stream).json::<Input>().collect()),
    }
    pipeline.start().expect("a running pipeline")
}

fn wait_for_rows(running: &Running, rows: u64) {
    wait_for(&format!("{rows} rows"), || running.stats().sources[0].rows >= rows);
}

#[test]
fn a_stream_that_was_restored_and_has_grown_ends_the_pipeline() {
    let mut restorable = Restorable::start("stream");
    let js = restorable.js();
    js.create(stream("IN"));
    js.publish("in.a", 1..=100);
    restorable.back_up();
    restorable.js().publish("in.a", 101..=105);
    let running = read(&restorable.server, "in.>", "IN");
    wait_for_rows(&running, 105);
    restorable.restore(|js| js.publish("in.a", 201..=210));
    let error = join(running).expect_err("an error");
    assert_error(&error, ErrorKind::Stream, &["stream `IN`", "message 105", "older copy", "start the pipeline again"]);
}

/// The last messages that were read do not exist any more.
#[test]
fn a_bucket_that_was_restored_and_has_changed_ends_the_pipeline() {
    let mut restorable = Restorable::start("bucket");
    let js = restorable.js();
    let config = kv::Config { bucket: "in".to_owned(), ..kv::Config::default() };
    js.runtime.block_on(js.context.create_key_value(config)).expect("a bucket");
    js.publish_all((1..=50).map(|n| (format!("$KV.in.k{n}"), format!(r#"{{"value":{n}}}"#))));
    restorable.back_up();
    let js = restorable.js();
    js.publish("$KV.in.new", [51]);
    js.publish("$KV.in.k1", [52, 53]);
    let running = read(&restorable.server, "in", "kv");
    wait_for_rows(&running, 51);
    restorable.restore(|js| js.publish("$KV.in.other", 60..=70));
    let error = join(running).expect_err("an error");
    assert_error(&error, ErrorKind::Stream, &["stream `KV_in`", "older copy"]);
}

#[test]
fn a_copy_that_has_everything_that_was_read_is_read_on() {
    let mut restorable = Restorable::start("same");
    let js = restorable.js();
    js.create(stream("IN"));
    js.publish("in.a", 1..=100);
    let running = read(&restorable.server, "in.>", "IN");
    wait_for_rows(&running, 100);
    restorable.back_up();
    restorable.restore(|js| js.publish("in.a", 101..=110));
    wait_for_rows(&running, 110);
    stop(running);
}

/// The pipelines persist, and are not running when the buckets are restored.
#[test]
fn a_bucket_is_restored_between_two_runs() {
    let mut restorable = Restorable::start("runs");
    for bucket in ["in", "out"] {
        let (js, config) = (restorable.js(), kv::Config { bucket: bucket.to_owned(), ..kv::Config::default() });
        js.runtime.block_on(js.context.create_key_value(config)).expect("a bucket");
    }
    let (reading, writing) = (Store::new(), Store::new());
    let read = |server: &Server, changes: usize| {
        let pipeline = Pipeline::named("reading").persist(Persistence::from(&reading));
        let seen = nats::read(&pipeline, server.url(), "in").kv().json::<Input>().collect();
        let running = pipeline.start().expect("a running pipeline");
        wait_for("the changes", || seen.changes().len() >= changes);
        stop(running);
        let mut changes: Vec<_> = seen.changes().iter().map(|(_, row, diff)| (row.value, *diff)).collect();
        changes.sort_unstable();
        changes
    };
    let write = |server: &Server, value: i64| {
        let pipeline = Pipeline::named("writing").persist(Persistence::from(&writing));
        let (feed, rows) = pipeline.input::<Input>();
        nats::write(&rows, server.url(), "out").kv(|row| row.value.to_string()).json();
        let running = pipeline.start()?;
        feed.insert(Input { value });
        feed.commit();
        drop(feed);
        join(running)
    };
    restorable.js().publish("$KV.in.a", [1]);
    restorable.js().publish("$KV.in.b", [2]);
    assert_eq!(read(&restorable.server, 2), [(1, 1), (2, 1)]);
    write(&restorable.server, 1).expect("the pipeline ends without an error");
    restorable.back_up();
    restorable.js().publish("$KV.in.a", [5]);
    restorable.js().publish("$KV.in.c", [6]);
    assert_eq!(read(&restorable.server, 3), [(1, -1), (5, 1), (6, 1)]);
    write(&restorable.server, 2).expect("the pipeline ends without an error");
    // It has the revision that another value has had.
    restorable.restore(|js| js.publish("$KV.in.b", [7]));
    assert_eq!(read(&restorable.server, 5), [(1, 1), (2, -1), (5, -1), (6, -1), (7, 1)]);
    let error = write(&restorable.server, 3).expect_err("a bucket that lacks a value");
    assert_error(&error, ErrorKind::Persistence, &["`KV_out`", "it ends at sequence 1, and was written up to 2"]);
}
