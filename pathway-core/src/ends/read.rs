//! `nats::read`: a subject as a live table.

use std::sync::Arc;
use std::time::Duration;

use super::bucket::BucketSource;
use super::jetstream::{Stream, StreamSource};
use super::receive::{Reception, Supply};
use super::server::ServerSource;
use crate::data::{Reject, Schema, SourceCounters};
use crate::decode;
use crate::nats::{IntoPlace, Options, Place};
use crate::plan::{Pace, Pipeline, Plan, Shape, Table};
use crate::source::{Queue, Source, SourceLink};
use crate::table::upsert;

/// Reads a subject. Options first, the format last: the format makes the table.
///
/// `place` is a server's URI or a [`testing::Broker`](crate::testing::Broker). In a URI,
/// `nats://user:password@host:port`, `nats://token@host`, `tls://host`, IPv6 addresses in brackets and several
/// servers separated by commas are understood. `subject` may have the wildcards `*` and `>`.
///
/// Every program gets every message: no queue group is joined. The table is complete from the moment at which
/// the pipeline has started; core NATS keeps nothing for those who come later.
///
/// Where the schema has a primary key, a later message with the same key replaces the row; else every message
/// is one row more.
///
/// ```
/// use pathway::prelude::*;
///
/// #[derive(Schema)]
/// struct Input { value: i64 }
///
/// let pipeline = Pipeline::new();
/// let input = nats::read(&pipeline, "nats://localhost:4222", "connector_example")
///     .commit_every(Duration::from_millis(500))
///     .name("numbers")
///     .json::<Input>();
/// # let _ = pipeline.rows([Input { value: 1 }]);
/// # std::mem::forget(pipeline);
/// ```
pub fn read(pipeline: &Pipeline, place: impl IntoPlace, subject: impl Into<String>) -> Read {
    Read {
        plan: pipeline.plan().clone(),
        place: place.into_place(),
        subject: subject.into(),
        name: None,
        commit_every: Duration::ZERO,
        on_bad_row: OnBadRow::Skip,
        options: Options::new(),
        jetstream: None,
        kv: false,
    }
}

/// A subject to be read, before its format is said; see [`read`].
#[must_use = "say the format, such as `.json::<T>()`: it makes the table"]
pub struct Read {
    plan: Plan,
    place: Place,
    subject: String,
    name: Option<String>,
    commit_every: Duration,
    on_bad_row: OnBadRow,
    options: Options,
    pub(super) jetstream: Option<Stream>,
    /// The subject is the name of a bucket.
    pub(super) kv: bool,
}

/// What to do with a message that cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnBadRow {
    /// Count it, report it, go on. The first ones are reported one by one, later ones gathered each second.
    #[default]
    Skip,
    /// End the pipeline with an error that says what is wrong with it.
    Stop,
}

impl Read {
    /// How long a row may wait until it is committed, so that commits hold more.
    ///
    /// Default: zero, which commits as soon as the commit before is through.
    pub fn commit_every(mut self, commit_every: Duration) -> Self {
        self.commit_every = commit_every;
        self
    }

    /// The source's name in logs, errors and [`stats`](crate::run::Stats). Default: the subject.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// What to do with a message that cannot be read. Default: [`OnBadRow::Skip`].
    pub fn on_bad_row(mut self, on_bad_row: OnBadRow) -> Self {
        self.on_bad_row = on_bad_row;
        self
    }

    /// How to connect. A broker in memory needs none.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Messages are JSON objects, one row each, decoded as `T`'s schema says.
    ///
    /// Fields that are no column are skipped; a field that is missing needs a default or an `Option`.
    pub fn json<T: Schema>(self) -> Table<T> {
        self.table(decode::json::decode::<T>)
    }

    fn table<T: Schema>(self, decode: fn(&[u8]) -> Result<T, Reject>) -> Table<T> {
        let Read { plan, place, subject, name, commit_every, on_bad_row, options, jetstream, kv } = self;
        let name = plan.unique_name(name.as_deref().unwrap_or(&subject));
        let control = plan.control().clone();
        let queue = Arc::new(Queue::new(control.clone()));
        let counters = Arc::new(SourceCounters::default());
        let bucket: Option<Arc<str>> = kv.then(|| subject.as_str().into());
        // A key that goes says so in a header.
        let metadata = if kv { T::METADATA.with_headers() } else { T::METADATA };
        let link = SourceLink { name: Arc::clone(&name), queue: Arc::clone(&queue), counters, metadata, control };
        let (supply, pace) = match place {
            Place::Server(uri) => {
                let source: Box<dyn Source> = match jetstream {
                    _ if kv => Box::new(BucketSource { uri, bucket: subject, options, pipeline: plan.name() }),
                    None => Box::new(ServerSource { uri, subject, options }),
                    Some(stream) => Box::new(StreamSource { uri, subject, options, stream, pipeline: plan.name() }),
                };
                plan.add_source(Some(source), link.clone());
                (Supply::Queue(queue), Pace::Clock(commit_every))
            }
            Place::Memory(broker) => {
                plan.add_source(None, link.clone());
                let mailbox = broker.subscribe(&if kv { format!("$KV.{subject}.>") } else { subject });
                (Supply::Mailbox(mailbox), Pace::Told(broker.ticks()))
            }
        };
        // A primary key gathers rows by key, and a commit's rows leave it in no order of arrival.
        let shape = if T::HAS_KEY || kv { Shape::GATHERED } else { Shape::ARRIVALS };
        let node = plan.add(name, shape, |node, name| {
            move |build| {
                let (reception, arrivals) =
                    Reception::new(&build.graph, &supply, &pace, decode, on_bad_row, &link, bucket.as_deref());
                if build.graph.is_first() {
                    build.add_pump(Box::new(reception));
                }
                let rows = if T::HAS_KEY && !kv { upsert(&mut build.graph, arrivals, &name) } else { arrivals };
                build.put::<T>(node, rows);
            }
        });
        Table::new(plan, node)
    }
}
