//! Adds sources and their tables to a plan.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::change_checker::ChangeChecker;
use super::decode_operator::DecodeOperator;
use super::row_copies::RowCopies;
use super::row_decoder::BoxedDecoder;
use super::row_operator::RowOperator;
use super::{
    Bound, DecodeSettings, InputBatch, InputQueue, MessageSource, RowBatch, RowDecoder, RowItem, Sender, Source,
    SourceItem, SourceLink, SourceSettings, Stopped,
};
use crate::connector::thread::{self, Component, Kind};
use crate::data::{EarlierMessages, Error, ErrorKind, Message, Metadata, Result, Schema};
use crate::format::{Decode, DecodedRows};
use crate::operators::upsert;
use crate::plan::{
    CommitTrigger, ConnectionState, DeclaredEnd, NodeKind, Order, Pipeline, Plan, Replay, SourceHandle, Table,
    TableProperties,
};
use crate::telemetry::SourceStats;

impl Pipeline {
    /// The table of a [`Source`] of your own that hands over rows.
    ///
    /// The source inserts and removes rows: a primary key does not replace rows here. `deduplicate(|row| row.id).last()`
    /// does that.
    pub fn source<R: RowItem, S: Source<Item = R>>(&self, source: S) -> Table<R> {
        attach_rows(self.plan(), source)
    }

    /// The table of a [`Source`] of your own that hands over messages, which `decode` makes rows of.
    ///
    /// `decode` is one of the [formats](crate::format::values), such as `format::json::<Order>()`, or one of your own.
    ///
    /// As with `nats::read`, a later message with the same primary key replaces the row, unless the format decodes changes. A
    /// message that cannot be decoded is counted, reported and skipped; or it ends the pipeline, with
    /// [`SourceSettings::on_decode_error`]. There are no dead letters here, because they need a sink: to keep such messages,
    /// decode them into rows that say so, and write those.
    ///
    /// ```
    /// use pathway::io::{Failure, MessageBatch, MessageSender, Source, Undecoded};
    /// use pathway::prelude::*;
    /// use pathway::format::{DecodeError, Message};
    ///
    /// #[derive(Schema, Debug, PartialEq)]
    /// struct Reading { celsius: i64 }
    ///
    /// struct Readings;
    ///
    /// impl Source for Readings {
    ///     type Item = Undecoded;
    ///
    ///     fn run(self, messages: &MessageSender) -> Result<(), Failure> {
    ///         let mut batch = MessageBatch::default();
    ///         for payload in ["21", "warm", "22"] {
    ///             batch.push("roof", payload.as_bytes());
    ///         }
    ///         Ok(messages.send(&mut batch)?)
    ///     }
    /// }
    ///
    /// fn celsius(message: &Message<'_>) -> Result<Reading, DecodeError> {
    ///     let text = std::str::from_utf8(message.payload).ok();
    ///     let celsius = text.and_then(|text| text.parse().ok());
    ///     celsius.map(|celsius| Reading { celsius }).ok_or_else(|| DecodeError::payload("not a number", 0))
    /// }
    ///
    /// let pipeline = Pipeline::new();
    /// let readings = pipeline.message_source(Readings, celsius).collect();
    /// pipeline.run()?;
    /// assert_eq!(readings.rows(), [21, 22].map(|celsius| Reading { celsius }));
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn message_source<S, D>(&self, source: S, decode: D) -> Table<D::Row>
    where
        S: Source + MessageSource<<S as Source>::Item>,
        D: Decode,
    {
        let (plan, settings) = (self.plan(), source.settings());
        let name = settings.node_name(plan);
        if settings.own_commits {
            let message = format!(
                "source `{name}`: only a source of rows can have commits of its own: remove `own_commits`, or hand over rows"
            );
            plan.control().fail(Error::new(ErrorKind::Config, message));
        }
        plan.declare_end(&name, declared_end(&settings));
        let trigger = CommitTrigger::Scheduled(settings.commit_every);
        let link = add_source(plan, name, settings.metadata.and(decode.metadata()), settings.bound, source);
        let (properties, upsert) = decoded_table(&decode);
        let settings = DecodeSettings { on_error: settings.on_decode_error, dead_letters: None };
        let decode = Arc::new(decode);
        MessageTable { link, trigger, properties, upsert, settings }.add(plan, move || row_decoder(&decode))
    }
}

/// What is known of the table of a decoder, and whether a later row with the same primary key replaces the row.
pub(crate) fn decoded_table<D: Decode>(decode: &D) -> (TableProperties, bool) {
    match decode.has_changes() {
        // A primary key gathers rows by key: the rows of a commit no longer have the order of their arrival.
        _ if D::Row::HAS_KEY => (TableProperties::GROUPED, true),
        true => (TableProperties { order: Order::Arrival, append_only: false, ..TableProperties::default() }, false),
        false => (TableProperties::ARRIVALS, false),
    }
}

/// The state of a decoder on the first worker. Changes of rows without a primary key are checked.
pub(crate) fn row_decoder<D: Decode>(decoder: &Arc<D>) -> Box<dyn RowDecoder<D::Row>> {
    let decoder = Arc::clone(decoder);
    match decoder.has_changes() && !D::Row::HAS_KEY {
        true => Box::new(ChangeChecker::new(decoder)),
        false => Box::new(move |message: &Message<'_>, rows: &mut DecodedRows<_>| decoder.decode_rows(message, rows)),
    }
}

/// Adds a source that hands over rows, and its table.
pub(crate) fn attach_rows<R: Schema, S: Source<Item = R>>(plan: &Plan, source: S) -> Table<R> {
    let settings = source.settings();
    let name = settings.node_name(plan);
    plan.declare_end(&name, declared_end(&settings));
    let link = add_source(plan, name, settings.metadata, settings.bound, source);
    row_table(plan, link, CommitTrigger::Scheduled(settings.commit_every), settings)
}

/// What a picture says of a source of a user, or of a clock.
fn declared_end(settings: &SourceSettings) -> DeclaredEnd {
    DeclaredEnd { kind: "source", is_named: settings.name.is_some(), ..DeclaredEnd::default() }
}

/// Adds a table whose rows are in memory. It is not counted as a source.
///
/// `fill` receives the queue.
pub(crate) fn attach_memory_rows<R: Schema>(
    plan: &Plan,
    kind: &str,
    append_only: bool,
    trigger: CommitTrigger,
) -> (Table<R>, Arc<InputQueue<RowBatch<R>>>) {
    let link = new_link(plan, plan.default_name(NodeKind::Source, kind), Metadata::NONE, Bound::default());
    let queue = Arc::clone(&link.queue);
    let settings = SourceSettings { own_commits: true, append_only, ..SourceSettings::default() };
    (row_table(plan, link, trigger, settings), queue)
}

fn row_table<R: Schema>(
    plan: &Plan,
    link: SourceLink<RowBatch<R>>,
    trigger: CommitTrigger,
    settings: SourceSettings,
) -> Table<R> {
    let SourceSettings { own_commits, background, append_only, check_removals, .. } = settings;
    let is_static = matches!(trigger, CommitTrigger::Preloaded);
    if matches!(trigger, CommitTrigger::Manual(_)) {
        // The program gives them. They cannot be read again.
        let _ = link.beginning.is_logged.set(true);
    }
    let properties = TableProperties { order: Order::Arrival, append_only, is_static, ..TableProperties::default() };
    let node = plan.add::<R, _>(Arc::clone(&link.name), properties, |node, _| {
        move |build| {
            let (output, changes) = build.add_input(node);
            if build.dataflow.is_first_worker() {
                let (link, trigger) = (link.clone(), trigger.clone());
                let id = output.id();
                let output = (build.source_arrivals(), output);
                let copies = check_removals.then(|| build.dataflow.add_state(RowCopies::<R>::default()));
                let operator = RowOperator::new(link, trigger, own_commits, background, copies, output);
                build.add_source_operator(id, Box::new(operator));
            }
            build.put::<R>(node, changes);
        }
    });
    if check_removals {
        plan.add_parameter(node, OF_CHANGES);
    }
    Table::new(plan.clone(), node)
}

/// A table whose messages are decoded.
pub(crate) struct MessageTable {
    pub(crate) link: SourceLink,
    pub(crate) trigger: CommitTrigger,
    pub(crate) properties: TableProperties,
    /// A later row with the same primary key replaces the row.
    pub(crate) upsert: bool,
    pub(crate) settings: DecodeSettings,
}

impl MessageTable {
    /// Adds the table. `decoder` makes the decoder on the first worker.
    pub(crate) fn add<T: Schema>(
        self,
        plan: &Plan,
        decoder: impl Fn() -> Box<dyn RowDecoder<T>> + Send + Sync + 'static,
    ) -> Table<T> {
        let MessageTable { link, trigger, properties, upsert: by_key, settings } = self;
        // A bucket has the rows themselves.
        let counts_copies = !properties.append_only && !decoder().has_snapshot();
        let node = plan.add::<T, _>(Arc::clone(&link.name), properties, |node, name| {
            move |build| {
                let (output, arrivals) = build.add_input(node);
                if build.dataflow.is_first_worker() {
                    let (link, trigger, settings) = (link.clone(), trigger.clone(), settings.clone());
                    let id = output.id();
                    let arrivals = build.source_arrivals();
                    let decoder = build.dataflow.add_state(BoxedDecoder(decoder()));
                    let operator = DecodeOperator::new(link, trigger, decoder, settings, (arrivals, output));
                    build.add_source_operator(id, Box::new(operator));
                }
                let rows = if by_key { upsert(&mut build.dataflow, arrivals, &name) } else { arrivals };
                build.put::<T>(node, rows);
            }
        });
        if by_key {
            let keys: Vec<_> =
                T::COLUMNS.iter().filter(|column| column.primary_key).map(|column| column.name).collect();
            let parameter = format!("primary key {}", keys.join(", "));
            plan.add_parameter(node, &parameter);
            plan.add_detail(node, parameter);
        } else if counts_copies {
            plan.add_parameter(node, OF_CHANGES);
        }
        Table::new(plan.clone(), node)
    }
}

/// The parameter of a source that counts the copies of its rows.
const OF_CHANGES: &str = "changes";

/// Adds a source with a thread of its own.
pub(crate) fn add_source<S: Source>(
    plan: &Plan,
    name: Arc<str>,
    metadata: Metadata,
    bound: Bound,
    source: S,
) -> SourceLink<<S::Item as SourceItem>::Batch> {
    let link = new_link(plan, name, metadata, bound);
    let replay = source.replay();
    let _ = link.beginning.is_logged.set(replay == Replay::Logged);
    plan.add_source(SourceThread { link: link.clone(), replay, source: Mutex::new(Some(source)) });
    link
}

/// Adds a source of messages in memory: it counts, but there is nothing to start.
pub(crate) fn add_memory_source(
    plan: &Plan,
    name: Arc<str>,
    metadata: Metadata,
    bound: Bound,
    replay: Replay,
) -> SourceLink {
    let link = new_link(plan, name, metadata, bound);
    let _ = link.beginning.is_logged.set(replay == Replay::Logged);
    plan.add_source(MemorySource { link: link.clone(), replay });
    link
}

fn new_link<B: InputBatch>(plan: &Plan, name: Arc<str>, metadata: Metadata, bound: Bound) -> SourceLink<B> {
    SourceLink::new(name, metadata, bound, plan.control().clone())
}

/// A source that runs on a thread of its own.
struct SourceThread<S: Source> {
    link: SourceLink<<S::Item as SourceItem>::Batch>,
    replay: Replay,
    /// Taken when the pipeline starts.
    source: Mutex<Option<S>>,
}

impl<S: Source> SourceHandle for SourceThread<S> {
    fn start(&self) -> Result<Option<JoinHandle<()>>> {
        let Some(source) = self.source.lock().unwrap_or_else(PoisonError::into_inner).take() else { return Ok(None) };
        start_source(source, self.link.clone()).map(Some)
    }

    fn replay(&self) -> Replay {
        match self.replay {
            // The times of the first run are in no stream.
            Replay::Again if self.link.metadata.received_at => Replay::Never,
            replay => replay,
        }
    }

    fn resume_after(&self, position: &[u8]) {
        if let Ok(position) = postcard::from_bytes(position) {
            let _ = self.link.beginning.resume_after.set(position);
        }
    }

    fn end_of_checkpoints(&self) {
        self.link.queue.acks().end_of_checkpoints();
    }

    fn replay_from(&self, next: u64, stored: i64) {
        let _ = self.link.beginning.wanted.set((next, stored));
    }

    fn continue_acknowledging(&self, earlier: EarlierMessages) {
        self.link.beginning.acknowledging.set_earlier(earlier);
    }

    fn close(&self) {
        self.link.queue.close();
    }

    fn end_acknowledgements(&self, all: bool) {
        self.link.queue.end_acks(all);
    }

    fn connection(&self) -> Option<&ConnectionState> {
        Some(&self.link.connection)
    }

    fn stats(&self) -> SourceStats {
        stats(&self.link)
    }
}

/// Starts the thread of a source, and returns when the source is ready.
pub(crate) fn start_source<S: Source>(
    source: S,
    link: SourceLink<<S::Item as SourceItem>::Batch>,
) -> Result<JoinHandle<()>> {
    let settings = source.settings();
    let hint = "`run` must call `Sender::ready`, because the source's settings say `announces_ready`";
    let component = Component {
        kind: Kind::Source,
        name: Arc::clone(&link.name),
        control: link.control.clone(),
        ready_hint: (settings.announces_ready && !settings.reports_waiting).then_some(hint),
    };
    thread::spawn(component, move |ready| {
        // Also a source that panics sends no more: the worker must not wait for it.
        let _finish = Finish(Arc::clone(&link.queue));
        let sender = Sender::new(link, settings.own_commits, settings.append_only, ready);
        if !settings.announces_ready {
            sender.ready();
        }
        match source.run(&sender) {
            Err(failure) if failure.is::<Stopped>() => Ok(()),
            Ok(()) => {
                sender.link().queue.seal_and_finish();
                Ok(())
            }
            Err(failure) => Err(failure),
        }
    })
}

/// Ends a queue when its source's thread ends, however it ends.
struct Finish<B: InputBatch>(Arc<InputQueue<B>>);

impl<B: InputBatch> Drop for Finish<B> {
    fn drop(&mut self) {
        self.0.finish();
    }
}

/// A source in memory.
struct MemorySource {
    link: SourceLink,
    replay: Replay,
}

impl SourceHandle for MemorySource {
    fn start(&self) -> Result<Option<JoinHandle<()>>> {
        Ok(None)
    }

    fn replay(&self) -> Replay {
        self.replay
    }

    fn close(&self) {
        self.link.queue.close();
    }

    fn end_acknowledgements(&self, all: bool) {
        self.link.queue.end_acks(all);
    }

    fn stats(&self) -> SourceStats {
        stats(&self.link)
    }
}

fn stats<B: InputBatch>(link: &SourceLink<B>) -> SourceStats {
    let position = link.position.lock().unwrap_or_else(PoisonError::into_inner);
    let position = position.as_ref().map(ToString::to_string);
    SourceStats::new(&link.name, &link.counters, link.queue.waiting(), position)
}
