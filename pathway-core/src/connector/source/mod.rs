//! Sources: what brings messages or rows into a pipeline, on a thread of its own.

mod ack_progress;
mod acknowledging;
mod attach;
mod backlog_progress;
mod bound;
mod change_checker;
mod confirmations;
mod dead_letters;
mod decode_operator;
mod decode_settings;
mod ingest_limit;
mod input_batch;
mod item;
mod logged;
mod message_batch;
mod message_place;
mod message_sender;
mod metadata_columns;
mod position;
mod queue;
mod row_batch;
mod row_copies;
mod row_decoder;
mod row_operator;
mod sender;
mod settings;

pub use ack_progress::{AckProgress, AckSnapshot};
#[cfg(test)]
pub(crate) use attach::start_source;
pub(crate) use attach::{
    MessageTable, add_memory_source, add_source, attach_memory_rows, attach_rows, decoded_table, row_decoder,
};
pub use backlog_progress::{BacklogProgress, MergedSources};
pub use bound::{Bound, Closed};
pub(crate) use dead_letters::DeadLetterOutput;
pub(crate) use decode_settings::DecodeSettings;
pub use decode_settings::OnDecodeError;
pub use input_batch::InputBatch;
pub use item::{MessageSource, RowItem, SourceItem, Undecoded};
pub use message_batch::MessageBatch;
pub use position::Position;
pub use queue::InputQueue;
pub use row_batch::RowBatch;
pub(crate) use row_decoder::RowDecoder;
#[cfg(test)]
pub(crate) use row_decoder::copy_decoder;
pub use sender::{MessageSender, RowSender, Sender, SourceLink, Stopped};
pub use settings::SourceSettings;

#[doc(hidden)]
pub use crate::plan::Replay;

use super::Failure;

/// A source: a file, a database, another broker. [`Pipeline::source`](crate::plan::Pipeline::source) makes a table of it.
///
/// The NATS sources implement the same trait. A source hands over rows, or [`Undecoded`] messages, which
/// [`Pipeline::message_source`](crate::plan::Pipeline::message_source) decodes.
///
/// ```
/// use pathway::io::{Failure, RowSender, Source, SourceSettings};
/// use pathway::prelude::*;
///
/// #[derive(Schema, Debug, PartialEq)]
/// struct Line {
///     text: String,
/// }
///
/// /// The lines of a text, each a row.
/// struct Lines(&'static str);
///
/// impl Source for Lines {
///     type Item = Line;
///
///     fn settings(&self) -> SourceSettings {
///         SourceSettings::new().name("lines")
///     }
///
///     fn run(self, rows: &RowSender<Line>) -> Result<(), Failure> {
///         for line in self.0.lines() {
///             rows.insert(Line { text: line.parse()? })?;
///         }
///         Ok(())
///     }
/// }
///
/// let pipeline = Pipeline::new();
/// let lines = pipeline.source(Lines("a\nb")).collect();
/// pipeline.run()?;
/// assert_eq!(lines.rows(), ["a", "b"].map(|text| Line { text: text.into() }));
/// # Ok::<(), pathway::Error>(())
/// ```
///
/// # What a source can do beyond that
/// - Report when it is ready: [`SourceSettings::announces_ready`] and [`Sender::ready`].
/// - Hand over batches: [`Sender::send`] takes many messages or rows at once.
/// - Acknowledge: [`Sender::acks`] reports which of its messages are confirmed, that is, fully written by every sink, and
///   which are durable.
/// - Set its [`Position`], on batches or by [`RowSender::set_position`], and continue after it: [`Sender::resume_after`].
///   To fetch the messages between two positions again, it continues at the first.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source",
    label = "it does not implement `Source`",
    note = "a closure cannot be a source: implement `Source` for a struct of your own, with the loop in `run`",
    note = "for rows that other code of the program has, use `let (feed, table) = pipeline.input::<Order>()`"
)]
pub trait Source: Send + Sized + 'static {
    /// What it hands over: rows of a schema, or [`Undecoded`] messages.
    type Item: SourceItem;

    /// The source's name, and when its rows are committed.
    fn settings(&self) -> SourceSettings {
        SourceSettings::new()
    }

    /// How its messages or rows are there again after a restart of a pipeline that
    /// [persists](crate::plan::Pipeline::persist). Default: they are in the pipeline's log.
    #[doc(hidden)]
    fn replay(&self) -> Replay {
        Replay::Logged
    }

    /// Hands over rows or messages until there are no more, or until [`Sender`] returns [`Stopped`]. Pass [`Stopped`] on with
    /// `?`: it does not count as a failure.
    ///
    /// It runs once, on a thread of its own, and may block. A pipeline that stops waits for it: a source that waits for
    /// something else checks [`Sender::is_stopping`] now and then, or waits with [`Sender::sleep`].
    ///
    /// # Errors
    /// Any error ends the pipeline: it stops as [`Running::stop`](crate::runtime::Running::stop) says, and then returns the
    /// error. What the source has handed over before is processed and written; of a source with commits of its own, what it
    /// has committed. A panic does the same. A [`pathway::Error`](crate::data::Error) is the pipeline's error as it is; any
    /// other is wrapped in one of kind [`ErrorKind::Custom`](crate::data::ErrorKind::Custom) that names the source.
    fn run(self, sender: &Sender<Self::Item>) -> Result<(), Failure>;
}
