//! `nats::read`: a subject as a live table.

use std::sync::Arc;
use std::time::Duration;

use super::receive::{Reception, Supply};
use super::server::ServerSource;
use super::share::Share;
use crate::data::{Reject, Schema, SourceCounters};
use crate::decode;
use crate::nats::{IntoPlace, Options, Place};
use crate::plan::{Pace, Pipeline, Plan, Shape, Table};
use crate::source::{Queue, SourceLink};
use crate::table::upsert;

/// Reads a subject. Options first, the format last: the format makes the table.
///
/// `place` is a server's URI or a [`testing::Broker`](crate::testing::Broker). In a URI,
/// `nats://user:password@host:port`, `nats://token@host`, `tls://host`, IPv6 addresses in brackets and several
/// servers separated by commas are understood. `subject` may have the wildcards `*` and `>`.
///
/// Every program gets every message, unless it joins a [`queue_group`](Read::queue_group). The table is complete from the moment at which
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
        share: Share::default(),
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
    share: Share,
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

    /// Joins a queue group: each message goes to one of its members, which share the subject between them.
    ///
    /// Several programs, or several runs of one, then each have a part of the messages in their table. A primary key needs
    /// all messages of a key, so that both together are an error when the pipeline starts.
    ///
    /// A member that is stopped leaves the group and reads what is under way to it; of that, what it cannot take is counted as
    /// dropped. Default: none. A broker in memory knows no
    /// groups: it gives every message to every reader.
    pub fn queue_group(mut self, name: impl Into<String>) -> Self {
        self.share.queue_group = Some(name.into());
        self
    }

    /// Reads over several connections, each with a thread of its own, into one table: for a subject that is too much for one.
    ///
    /// They share the subject between them in a queue group: that of [`queue_group`](Read::queue_group), else one of their own,
    /// so that other programs still get every message. The order between readers is lost, and a primary key needs it: both
    /// together are an error when the pipeline starts. What the readers count is added up; what they say names the reader.
    ///
    /// Default: 1; at most 64. A broker in memory is read by one.
    pub fn readers(mut self, readers: usize) -> Self {
        self.share.readers = readers;
        self
    }

    /// How many messages wait at most to be worked off, before the source is held back. Default: 65 536.
    ///
    /// A source that is held back does not read its connection, so that TCP holds the server back: nothing is dropped here.
    /// A server waits only for so long (`write_deadline`) and keeps only so much (`max_pending`), then cuts the connection, and
    /// what it kept is lost; that is reported, and the connection is made anew.
    ///
    /// Beside it, what was read from the socket at once may wait: up to 8 MiB. A broker in memory holds nothing back.
    pub fn max_backlog(mut self, messages: usize) -> Self {
        self.share.bound.messages = messages;
        self
    }

    /// How many bytes wait at most, payloads and headers, before the source is held back as by
    /// [`max_backlog`](Read::max_backlog). Default: 8 MiB. A single message may be larger.
    pub fn max_backlog_bytes(mut self, bytes: usize) -> Self {
        self.share.bound.bytes = bytes;
        self
    }

    /// Messages are JSON objects, one row each, decoded as `T`'s schema says.
    ///
    /// Fields that are no column are skipped; a field that is missing needs a default or an `Option`.
    pub fn json<T: Schema>(self) -> Table<T> {
        self.table(decode::json::decode::<T>)
    }

    fn table<T: Schema>(self, decode: fn(&[u8]) -> Result<T, Reject>) -> Table<T> {
        let Read { plan, place, subject, name, commit_every, on_bad_row, options, share } = self;
        let name = plan.unique_name(name.as_deref().unwrap_or(&subject));
        let control = plan.control().clone();
        if let Err(error) = share.check(&name, T::HAS_KEY) {
            control.fail(error);
        }
        let queue = Arc::new(Queue::bounded(control.clone(), share.bound));
        let counters = Arc::new(SourceCounters::default());
        let metadata = T::METADATA;
        let link = SourceLink { name: Arc::clone(&name), queue: Arc::clone(&queue), counters, metadata, control };
        let (supply, pace) = match place {
            Place::Server(uri) => {
                plan.add_source(Some(Box::new(ServerSource { uri, subject, options, share })), link.clone());
                (Supply::Queue(queue), Pace::Clock(commit_every))
            }
            Place::Memory(broker) => {
                plan.add_source(None, link.clone());
                let mailbox = broker.subscribe(&subject);
                (Supply::Mailbox(mailbox), Pace::Told(broker.ticks()))
            }
        };
        // A primary key gathers rows by key, and a commit's rows leave it in no order of arrival.
        let shape = if T::HAS_KEY { Shape::GATHERED } else { Shape::ARRIVALS };
        let node = plan.add(name, shape, |node, name| {
            move |build| {
                let (reception, arrivals) = Reception::new(&build.graph, &supply, &pace, decode, on_bad_row, &link);
                if build.graph.is_first() {
                    build.add_pump(Box::new(reception));
                }
                let rows = if T::HAS_KEY { upsert(&mut build.graph, arrivals, &name) } else { arrivals };
                build.put::<T>(node, rows);
            }
        });
        Table::new(plan, node)
    }
}
