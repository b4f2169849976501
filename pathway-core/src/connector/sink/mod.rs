//! Sinks: what takes a table's commits out of a pipeline, on a thread of its own.

mod attach;
mod collect;
mod commit_batch;
mod dead_letter;
mod encoded_batch;
mod input;
mod item;
mod message_options;
mod message_writer;
mod outbox;
mod output;
mod subscribe;
mod table_output;
pub(crate) mod validate;

#[cfg(test)]
pub(crate) use attach::start_sink;
pub(crate) use attach::{add_memory_sink, add_sink, check_format, write_messages};
pub use collect::Collected;
pub use commit_batch::CommitBatch;
pub use dead_letter::{DeadLetters, Origin};
pub use encoded_batch::{EncodedBatch, EncodedMessage, MessageMeta, OutgoingMessage};
pub use input::{SinkInput, SinkLink};
pub use item::{Encoded, MessageSink, RowSink, SinkItem};
pub(crate) use message_options::MessageOptions;
pub use outbox::{Outbox, OutputBatch};
pub(crate) use output::BatchOutput;
pub use subscribe::Update;
pub(crate) use table_output::{TableWriter, write_table};

use super::Failure;
use crate::data::Commit;

/// The name of a sink that has none of its own.
const DEFAULT_NAME: &str = "sink";

/// A sink: a file, a database, another broker. [`Table::sink`](crate::plan::Table::sink) gives it the table's commits.
///
/// The NATS sinks implement the same trait. A sink takes rows, or [`Encoded`] messages, which
/// [`Table::message_sink`](crate::plan::Table::message_sink) makes of rows.
///
/// ```
/// use pathway::io::{CommitBatch, Failure, Sink};
/// use pathway::prelude::*;
/// use std::io::Write;
///
/// #[derive(Schema)]
/// struct Total {
///     city: String,
///     n: i64,
/// }
///
/// /// Writes one line for each change.
/// struct Lines<W>(W);
///
/// impl<W: Write + Send + 'static> Sink for Lines<W> {
///     type Item = Total;
///
///     fn write(&mut self, commit: CommitBatch<Total>) -> Result<(), Failure> {
///         for Change { row, diff } in commit.changes {
///             writeln!(self.0, "{diff:+} {} {}", row.city, row.n)?;
///         }
///         Ok(())
///     }
///
///     fn close(&mut self) -> Result<(), Failure> {
///         Ok(self.0.flush()?)
///     }
/// }
///
/// # let pipeline = Pipeline::new();
/// # let totals = pipeline.rows([Total { city: "Oslo".into(), n: 1 }]);
/// # let path = std::env::temp_dir().join(format!("pathway-lines-{}", std::process::id()));
/// totals.sink(Lines(std::fs::File::create(&path).expect("a file")));
/// pipeline.run()?;
/// # let text = std::fs::read_to_string(&path).expect("a file");
/// # let _ = std::fs::remove_file(&path);
/// assert_eq!(text, "+1 Oslo 1\n");
/// # Ok::<(), pathway::Error>(())
/// ```
///
/// # What a sink can do beyond that
/// Implement [`run`](Sink::run) instead of [`write`](Sink::write) to take commits whenever you want and to confirm them
/// later, several at a time. Sources acknowledge a message when all sinks have confirmed the commits that it belongs to.
/// In a pipeline that [persists](crate::plan::Pipeline::persist), a sink gets the commits again that were not confirmed when the
/// last run ended. If it knows [which commit it holds](Sink::last_commit), these are left out, and if it can [fence](Sink::fence)
/// earlier writers, it has each commit once.
pub trait Sink: Send + Sized + 'static {
    /// What it takes: rows of a schema, or [`Encoded`] messages.
    type Item: SinkItem;

    /// The sink's name in logs, errors and [`stats`](crate::telemetry::Stats). Default: `sink`, with a number if there are several.
    ///
    /// If another sink, a source or an operator of the pipeline has the name, [`run`](crate::plan::Pipeline::run) returns an error
    /// that names both. A type of which a pipeline may have several sinks gets its name from its user.
    fn name(&self) -> String {
        DEFAULT_NAME.to_owned()
    }

    /// Makes the sink ready, before anything is read. It may wait for what it connects to.
    ///
    /// # Errors
    /// Any error: the pipeline does not start.
    fn open(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    /// Takes a whole commit, and returns when it is written.
    ///
    /// It runs on the sink's own thread and may block. Meanwhile the pipeline may make more commits; it reads nothing new
    /// while they hold 200 000 changes, or 8 MiB of messages. A pipeline that stops waits until everything is written: if
    /// `write` never returns, the pipeline never ends.
    ///
    /// # Errors
    /// Any error ends the pipeline. It is not called again: a sink that can recover does so itself.
    fn write(&mut self, _commit: <Self::Item as SinkItem>::Batch) -> Result<(), Failure> {
        Err("the sink implements neither `write` nor `run`".into())
    }

    /// The last commit was written. Not called after a failure.
    ///
    /// # Errors
    /// Those of [`write`](Sink::write).
    fn close(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    /// How far the sink holds the output of earlier runs; `None` if it holds nothing, or cannot tell. What it holds is not written
    /// again.
    ///
    /// Called once, behind [`open`](Sink::open) and [`fence`](Sink::fence), if the pipeline
    /// [persists](crate::plan::Pipeline::persist). A sink that writes the number of each commit together with its rows, as in one
    /// transaction, has each commit exactly once:
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    ///
    /// use pathway::io::{CommitBatch, CommitPosition, Failure, Sink};
    /// use pathway::prelude::*;
    ///
    /// #[derive(Schema, Debug)]
    /// struct Total { city: String, n: i64 }
    ///
    /// /// A database, in which a commit and its number are written at once.
    /// #[derive(Clone, Default)]
    /// struct Database(Arc<Mutex<(Vec<String>, Option<u64>)>>);
    ///
    /// impl Sink for Database {
    ///     type Item = Total;
    ///
    ///     fn write(&mut self, commit: CommitBatch<Total>) -> Result<(), Failure> {
    ///         let mut database = self.0.lock().map_err(|_| "the database is broken")?;
    ///         database.0.extend(commit.changes.iter().map(|change| format!("{:+} {:?}", change.diff, change.row)));
    ///         database.1 = Some(commit.number);
    ///         Ok(())
    ///     }
    ///
    ///     fn last_commit(&mut self) -> Result<Option<CommitPosition>, Failure> {
    ///         let database = self.0.lock().map_err(|_| "the database is broken")?;
    ///         Ok(database.1.map(CommitPosition::whole))
    ///     }
    /// }
    /// # let (pipeline, database) = (Pipeline::new().persist(pathway::testing::Store::new()), Database::default());
    /// # pipeline.rows([Total { city: "Oslo".into(), n: 1 }]).sink(database.clone());
    /// # pipeline.run()?;
    /// # assert_eq!(database.0.lock().unwrap().1, Some(0));
    /// # Ok::<(), pathway::Error>(())
    /// ```
    ///
    /// # Errors
    /// The sink cannot be asked.
    fn last_commit(&mut self) -> Result<Option<CommitPosition>, Failure> {
        Ok(None)
    }

    /// Keeps writers of earlier epochs from writing any more. Returns false if the sink cannot do that. The epoch grows with each
    /// start of a pipeline.
    ///
    /// Called once, behind [`open`](Sink::open), if the pipeline [persists](crate::plan::Pipeline::persist).
    ///
    /// # Errors
    /// The sink cannot be fenced now; or a later epoch has fenced it already.
    fn fence(&mut self, _epoch: u64) -> Result<bool, Failure> {
        Ok(false)
    }

    /// Whether it skips by itself what it holds from an earlier run of a pipeline that
    /// [persists](crate::plan::Pipeline::persist). Default: false, and it gets the commits again that were not confirmed.
    #[doc(hidden)]
    fn resumes(&self) -> bool {
        false
    }

    /// Runs the sink: opens it, writes and confirms each commit, and closes it.
    ///
    /// The default calls the methods above. Implement it to take commits before earlier ones are confirmed:
    ///
    /// ```
    /// use pathway::io::{Encoded, Failure, Sink, SinkInput};
    ///
    /// struct Console;
    ///
    /// impl Sink for Console {
    ///     type Item = Encoded;
    ///
    ///     fn run(self, input: &SinkInput<Encoded>) -> Result<(), Failure> {
    ///         input.ready();
    ///         while let Some(batch) = input.next() {
    ///             // A message with an error must not be written. `confirm` counts and reports it.
    ///             for message in batch.messages().filter(|message| message.error().is_none()) {
    ///                 println!("{} {}", message.subject(), String::from_utf8_lossy(message.payload()));
    ///             }
    ///             input.confirm(&batch);
    ///         }
    ///         Ok(())
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// Any error ends the pipeline. It is an error to return before [`next`](SinkInput::next) has returned `None`, or while
    /// commits are not confirmed. A [`pathway::Error`](crate::data::Error) is the pipeline's error as it is; any other is
    /// wrapped in one of kind [`ErrorKind::Custom`](crate::data::ErrorKind::Custom) that names the sink.
    fn run(mut self, input: &SinkInput<Self::Item>) -> Result<(), Failure> {
        input.run_simple(&mut self)
    }
}

/// How far a sink holds the pipeline's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct CommitPosition {
    /// The last commit of which it holds anything.
    pub commit: Commit,
    /// How many messages or rows of that commit it holds.
    pub index: u64,
}

impl CommitPosition {
    /// The sink holds all of the commits up to this one.
    pub const fn whole(commit: Commit) -> Self {
        CommitPosition { commit, index: u64::MAX }
    }

    /// The sink holds all of the commits before this one, and so many messages or rows of it.
    pub const fn part(commit: Commit, index: u64) -> Self {
        CommitPosition { commit, index }
    }
}
