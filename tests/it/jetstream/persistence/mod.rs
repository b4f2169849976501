//! Pipelines that persist: what a stream has is the same as if nothing had ever been killed.

pub(crate) mod bucket_sinks;
mod bucket_writers;
pub(crate) mod buckets;
mod calls;
mod checkpoints;
mod crashes;
mod deterministic;
mod every_write;
pub(crate) mod fleet;
mod full_disk;
mod lost_input;
mod lost_output;
mod programs;
mod recordings;
mod refusals;
mod refused;
mod restarts;
pub(crate) mod shared;
mod sinks;
mod stops;
pub(crate) mod work_queues;
mod writers;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use pathway::persistence::{Persistence, directory};
use pathway::prelude::*;

use super::support::{Js, stream};
use crate::support::Gate;
use crate::support::random::Random;

#[derive(Clone, Schema)]
pub(crate) struct Order {
    id: i64,
    city: String,
    at: i64,
}

#[derive(Schema)]
struct City {
    name: String,
    country: String,
}

const CITIES: [&str; 3] = ["Oslo", "Rome", "Lima"];

/// Sums by city, and windows that are written once, of the stream `IN`. Another table is static.
pub(crate) fn service(uri: &str) -> Pipeline {
    service_between(uri, uri)
}

/// The same, from one server to another.
fn service_between(input: &str, output: &str) -> Pipeline {
    let pipeline = Pipeline::named("persistent");
    let (sums, windows) = tables(&pipeline, input);
    nats::write(&sums, output, "").subject(|s| format!("out.{}", s.city)).jetstream("OUT").json();
    nats::write(&windows, output, "windows.all").jetstream("WINDOWS").json();
    pipeline
}

/// The same, into one stream, into which others write, too.
pub(crate) fn shared_service(uri: &str) -> Pipeline {
    let pipeline = Pipeline::named("sharing");
    let (sums, windows) = tables(&pipeline, uri);
    let sums =
        nats::write(&sums, uri, "").name("sums").subject(|s| format!("shared.out.{}", s.city)).jetstream("SHARED");
    let filter = std::env::var("PATHWAY_TEST_FILTER").unwrap_or_else(|_| "shared.out.*".to_owned());
    sums.atomic().filter_subject(filter).json();
    nats::write(&windows, uri, "shared.windows").name("windows").jetstream("SHARED").atomic().json();
    pipeline
}

#[derive(Schema)]
struct Sum {
    city: String,
    country: String,
    ids: i64,
    n: i64,
}

#[derive(Schema)]
struct Window {
    city: String,
    start: i64,
    n: i64,
}

fn tables(pipeline: &Pipeline, uri: &str) -> (Table<Sum>, Table<Window>) {
    let cities = [("Oslo", "Norway"), ("Rome", "Italy"), ("Lima", "Peru")];
    let cities = pipeline.rows(cities.map(|(name, country)| City { name: name.into(), country: country.into() }));
    let orders = nats::read(pipeline, uri, "in.>").jetstream("IN").dead_letter("bad").json::<Order>();
    let sums = reduce!(o in orders by o.city => { o.city, ids: sum(o.id), n: count() });
    let sums = join!(s in sums, c in cities on s.city == c.name => Sum { city: s.city.clone(), country: c.country.clone(), ids: s.ids, n: s.n });
    let windows = reduce!(o in orders by o.city window tumbling(o.at, 10).emit_on_close() as w => Window { city: o.city, start: w.start, n: count() });
    (sums, windows)
}

#[derive(Schema)]
struct OrderSum {
    ids: i64,
    n: i64,
}

/// The sum of the stream `IN`. The rows from 100 on pass a gate.
fn gated_sum(pipeline: &Pipeline, uri: &str, gate: &Gate) -> Table<OrderSum> {
    let orders = nats::read(pipeline, uri, "in.>").jetstream("IN").json::<Order>();
    let gate = gate.clone();
    let orders = filter!(o in orders => o.id < 100 || gate.pass());
    reduce!(o in orders => OrderSum { ids: sum(o.id), n: count() })
}

/// The messages of the stream `IN` with these numbers.
fn orders(numbers: std::ops::Range<i64>) -> impl Iterator<Item = (String, String)> {
    let mut random = Random::new(numbers.start as u64);
    numbers.map(move |id| {
        let (city, at) = (random.pick(&CITIES), id / 4 - random.below(3) as i64);
        ("in.orders".to_owned(), format!(r#"{{"id": {id}, "city": "{city}", "at": {at}}}"#))
    })
}

fn create_streams(js: &Js) {
    js.create(stream("IN"));
    create_outputs(js);
}

/// The window for duplicates is shorter than a restart takes.
fn create_outputs(js: &Js) {
    for name in ["OUT", "WINDOWS"] {
        js.create(async_nats::jetstream::stream::Config {
            duplicate_window: std::time::Duration::from_millis(100),
            ..stream(name)
        });
    }
}

/// How a process persists.
#[derive(Clone, Copy, PartialEq)]
enum Persist {
    /// The log has everything.
    Log,
    /// With many checkpoints.
    Checkpoints,
}

/// A directory that is removed on drop.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static FOLDERS: AtomicU64 = AtomicU64::new(0);
        let name = format!(
            "pathway-state-{}-{}",
            std::process::id(),
            Random::new(u64::from(std::process::id())).below(1 << 40)
        );
        let path = std::env::temp_dir().join(name).join(FOLDERS.fetch_add(1, Ordering::Relaxed).to_string());
        std::fs::create_dir_all(&path).expect("a directory");
        Folder(path)
    }

    /// Another directory with the same files, as they are while the pipeline runs or behind its end.
    fn copy(&self) -> Folder {
        let copy = Folder::new();
        for file in std::fs::read_dir(&self.0).expect("the directory").flatten() {
            std::fs::copy(file.path(), copy.0.join(file.file_name())).expect("a copy");
        }
        copy
    }

    fn directory(&self) -> Persistence {
        directory(&self.0)
    }

    /// The directory of a pipeline that makes no checkpoints: the log has everything.
    fn log_only(&self) -> Persistence {
        directory(&self.0).checkpoint_every(std::time::Duration::MAX)
    }

    /// The numbers of the files with this prefix, in order.
    fn numbers(&self, prefix: &str) -> Vec<u64> {
        let files = std::fs::read_dir(&self.0).expect("the directory").flatten();
        let names = files.map(|file| file.file_name().to_string_lossy().into_owned());
        let mut numbers: Vec<u64> = names.filter_map(|name| name.strip_prefix(prefix)?.parse().ok()).collect();
        numbers.sort_unstable();
        numbers
    }

    pub(crate) fn path(&self) -> &str {
        self.0.to_str().expect("text")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The sum over all cities of how many orders their last messages count.
fn counted(js: &Js) -> i64 {
    counted_in(&js.stored("OUT"))
}

/// The same in these messages.
fn counted_in(messages: &[(u64, String, String)]) -> i64 {
    let number = |payload: &str, name: &str| {
        let json: serde_json::Value = serde_json::from_str(payload).expect("JSON");
        json[name].as_i64().expect("a number")
    };
    messages.iter().map(|(_, _, payload)| number(payload, "n") * number(payload, "diff")).sum()
}

/// The messages of an output stream: id, subject, payload.
fn output(js: &Js, stream: &str) -> Vec<(String, String, String)> {
    js.stored_with_ids(stream)
}
