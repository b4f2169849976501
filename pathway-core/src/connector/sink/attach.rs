//! Adds sinks to a plan.

use std::hash::Hasher;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::message_writer::MessageWriter;
use super::{
    BatchOutput, CommitBatch, DEFAULT_NAME, MessageOptions, MessageSink, OutputBatch, RowSink, Sink, SinkInput,
    SinkItem, SinkLink, validate, write_table,
};
use crate::connector::thread::{self, Component, Kind};
use crate::data::{Change, Commit, Error, ErrorKind, Result, Schema};
use crate::format::{Encode, Removals};
use crate::plan::{ConnectionState, DeclaredEnd, Expected, NodeId, NodeKind, Plan, SinkHandle, Table};
use crate::telemetry::{OutboxStats, SinkStats};

impl<R: Schema> Table<R> {
    /// Gives the table's commits to a [`Sink`] of your own.
    pub fn sink<S: Sink + RowSink<<S as Sink>::Item, R>>(&self, sink: S) {
        let name = self.own_sink(&sink, None);
        let link = add_sink(self.plan(), Arc::clone(&name), sink);
        write_table(self, name, move || {
            let link = link.clone();
            move |number: Commit, time: u64, changes: &mut Vec<Change<R>>| {
                let is_as_before = link.is_as_before(number, |digest| {
                    for Change { row, diff } in changes.iter() {
                        digest.write(&diff.to_le_bytes());
                        row.hash_into(digest);
                    }
                });
                if !is_as_before {
                    return;
                }
                link.counters.queued.add(changes.len() as u64);
                link.outbox.push(CommitBatch::new(number, time, std::mem::take(changes)));
            }
        });
    }

    /// Gives the table's commits to a [`Sink`] of your own as messages, which `encode` makes of rows.
    ///
    /// `subject` is the subject, or topic, of all messages: tokens without white space and wildcards, with dots between them.
    /// It may be empty, for a sink that has no subjects. With any other, the pipeline does not start. `encode` is one of the
    /// [formats](crate::format::values), such as `format::json()`, or one of your own.
    ///
    /// ```
    /// use pathway::format;
    /// use pathway::io::{Encoded, EncodedBatch, Failure, Sink};
    /// use pathway::prelude::*;
    /// use std::io::Write;
    ///
    /// #[derive(Schema)]
    /// struct Total {
    ///     city: String,
    ///     n: i64,
    /// }
    ///
    /// /// Writes each message on a line.
    /// struct Lines<W>(W);
    ///
    /// impl<W: Write + Send + 'static> Sink for Lines<W> {
    ///     type Item = Encoded;
    ///
    ///     fn write(&mut self, commit: EncodedBatch) -> Result<(), Failure> {
    ///         // A message with an error must not be written: it is counted and reported.
    ///         for message in commit.messages().filter(|message| message.error().is_none()) {
    ///             self.0.write_all(message.payload())?;
    ///             self.0.write_all(b"\n")?;
    ///         }
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let pipeline = Pipeline::new();
    /// let totals = pipeline.rows([Total { city: "Oslo".into(), n: 1 }]);
    /// totals.message_sink(Lines(std::io::stdout()), "", format::json());
    /// pipeline.run()?;
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn message_sink<S: Sink + MessageSink<<S as Sink>::Item>>(
        &self,
        sink: S,
        subject: &str,
        encode: impl Encode<R>,
    ) {
        let name = self.own_sink(&sink, (!subject.is_empty()).then(|| subject.to_owned()));
        if let Some(mistake) = validate::subject(subject).filter(|_| !subject.is_empty()) {
            let cure = "use tokens without white space and wildcards, with dots between them, such as `totals.eu`; or an \
                        empty text, if the sink has no subjects";
            let message = format!("sink `{name}`: {mistake}; {cure}");
            self.plan().control().fail(Error::new(ErrorKind::Config, message));
        }
        let link = add_sink(self.plan(), name, sink);
        let output = BatchOutput::new(self.plan(), link.clone(), None);
        write_messages(self, link.name, subject.into(), encode, MessageOptions::new(), output);
    }
}

impl<R: Schema> Table<R> {
    /// The name of a sink of one's own.
    fn own_sink(&self, sink: &impl Sink, subject: Option<String>) -> Arc<str> {
        let wanted = sink.name();
        let is_named = wanted != DEFAULT_NAME;
        let name = match is_named {
            false => self.plan().default_name(NodeKind::Sink, &wanted),
            true => self.plan().given_name(NodeKind::Sink, &wanted, ""),
        };
        self.plan().declare_end(&name, DeclaredEnd { kind: "sink", subject, is_named, ..DeclaredEnd::default() });
        name
    }
}

/// Adds a sink to a plan.
pub(crate) fn add_sink<S: Sink>(plan: &Plan, name: Arc<str>, sink: S) -> SinkLink<<S::Item as SinkItem>::Batch> {
    let link = new_link(plan, name);
    let resumes = sink.resumes();
    plan.add_sink(ThreadSink { link: link.clone(), resumes, sink: Mutex::new(Some(sink)) });
    link
}

/// Adds a sink in memory to a plan: it is written to on the worker, so that there is nothing to start.
pub(crate) fn add_memory_sink(plan: &Plan, name: Arc<str>) -> SinkLink {
    let link = new_link(plan, name);
    plan.add_sink(MemorySink { link: link.clone() });
    link
}

fn new_link<B: OutputBatch>(plan: &Plan, name: Arc<str>) -> SinkLink<B> {
    SinkLink::new(name, plan.control().clone())
}

/// Adds a node that encodes a table's commits and sends them to `output`.
pub(crate) fn write_messages<R: Schema>(
    table: &Table<R>,
    name: Arc<str>,
    subject: Arc<str>,
    encode: impl Encode<R>,
    options: MessageOptions<R>,
    output: BatchOutput,
) -> NodeId {
    check_format(&encode, table, &output);
    if options.has_message_ids() && encode.removals() == Removals::Written && !table.properties().append_only {
        let link = output.link();
        link.control.fail(Error::new(ErrorKind::Config, format!("sink `{}`: {IDS_OF_REMOVALS}", link.name)));
    }
    let (encode, options): (Arc<dyn Encode<R>>, _) = (Arc::new(encode), Arc::new(options));
    write_table(table, name, move || {
        MessageWriter::new(Arc::clone(&subject), Arc::clone(&encode), Arc::clone(&options), output.clone())
    })
}

/// Fails the pipeline where the settings of a format make no sense, or not for this table.
pub(crate) fn check_format<R: Schema>(encode: &impl Encode<R>, table: &Table<R>, output: &BatchOutput) {
    let mistake = match encode.removals() {
        Removals::Refused if !table.properties().append_only => Err(CANNOT_BE_TAKEN_BACK.to_owned()),
        _ => encode.check(),
    };
    if let Err(mistake) = mistake {
        let link = output.link();
        link.control.fail(Error::new(ErrorKind::Config, format!("sink `{}`: {mistake}", link.name)));
    }
}

const CANNOT_BE_TAKEN_BACK: &str = "rows of the table can be removed, but its format is for events, which cannot be taken \
                                    back: write the changes with `.json()`; make an event of each change with \
                                    `to_stream(..)`; or leave removals out, if readers can do without, with \
                                    `.encode(format::json_events().insertions_only())`";

const IDS_OF_REMOVALS: &str = "rows of the table can be removed, and `.message_id(..)` would give the removal of a row the \
                               id of its insertion, so that a stream takes it for a duplicate: make an event of each \
                               change with `to_stream(..)`, with an id of its own; or leave removals out, if readers can do \
                               without, with `.encode(format::json_events().insertions_only())`";

/// A sink with a thread of its own.
struct ThreadSink<S: Sink> {
    link: SinkLink<<S::Item as SinkItem>::Batch>,
    resumes: bool,
    /// Taken when the pipeline starts.
    sink: Mutex<Option<S>>,
}

impl<S: Sink> SinkHandle for ThreadSink<S> {
    fn start(&self) -> Result<Option<JoinHandle<()>>> {
        let Some(sink) = self.sink.lock().unwrap_or_else(PoisonError::into_inner).take() else { return Ok(None) };
        start_sink(sink, self.link.clone()).map(Some)
    }

    fn resumes(&self) -> bool {
        self.resumes
    }

    fn skip_before(&self, commit: Commit) {
        self.link.outbox.skip_before(commit);
    }

    fn release(&self, records: u64) {
        self.link.outbox.release(records);
    }

    fn discard_waiting(&self) {
        self.link.outbox.discard_waiting();
    }

    fn expect_output(&self, expected: Expected) {
        self.link.check.expect(expected);
    }

    fn take_output(&self) -> Option<u32> {
        self.link.check.take()
    }

    fn finish(&self) {
        self.link.outbox.finish();
    }

    fn is_full(&self) -> bool {
        self.link.outbox.is_full()
    }

    fn oldest_unconfirmed(&self) -> Option<Commit> {
        self.link.outbox.oldest_unconfirmed()
    }

    fn connection(&self) -> Option<&ConnectionState> {
        Some(&self.link.connection)
    }

    fn stats(&self) -> SinkStats {
        SinkStats::new(&self.link.name, &self.link.counters, self.link.outbox.stats())
    }
}

/// Starts the thread of a sink, and returns when the sink is ready.
pub(crate) fn start_sink<S: Sink>(sink: S, link: SinkLink<<S::Item as SinkItem>::Batch>) -> Result<JoinHandle<()>> {
    let (name, control) = (Arc::clone(&link.name), link.control.clone());
    let component = Component { kind: Kind::Sink, name, control, ready_hint: None };
    thread::spawn(component, move |ready| {
        let input = SinkInput::new(link, ready);
        sink.run(&input).and_then(|()| input.check_complete())
    })
}

/// A sink in memory: the worker writes to it directly, so nothing waits.
struct MemorySink {
    link: SinkLink,
}

impl SinkHandle for MemorySink {
    fn start(&self) -> Result<Option<JoinHandle<()>>> {
        Ok(None)
    }

    fn finish(&self) {}

    fn is_full(&self) -> bool {
        false
    }

    fn oldest_unconfirmed(&self) -> Option<Commit> {
        None
    }

    fn expect_output(&self, expected: Expected) {
        self.link.check.expect(expected);
    }

    fn take_output(&self) -> Option<u32> {
        self.link.check.take()
    }

    fn stats(&self) -> SinkStats {
        SinkStats::new(&self.link.name, &self.link.counters, OutboxStats::default())
    }
}
