//! What a sink takes, as bounds whose compile errors say what to do instead.

use super::{CommitBatch, EncodedBatch, OutputBatch, Sink};
use crate::data::Schema;

/// What a sink takes. It is implemented for every row, and for [`Encoded`] messages.
#[diagnostic::on_unimplemented(
    message = "a sink cannot take `{Self}`",
    label = "neither a row nor `Encoded`",
    note = "for rows, use a struct with `#[derive(Schema)]`; for messages that the pipeline encodes, use `Encoded`"
)]
pub trait SinkItem: sealed::Sealed + Send + 'static {
    /// Those of one commit.
    type Batch: OutputBatch;
}

#[diagnostic::do_not_recommend]
impl<R: Schema> SinkItem for R {
    type Batch = CommitBatch<R>;
}

/// Messages whose payloads the pipeline has encoded, as a sink's [`Item`](Sink::Item).
#[derive(Clone, Copy, Debug)]
pub enum Encoded {}

impl SinkItem for Encoded {
    type Batch = EncodedBatch;
}

/// A sink that takes the rows of a table; `Item` is what it takes, `R` is the row.
///
/// It is equivalent to `Sink<Item = R>`; only the compile error is clearer.
#[diagnostic::on_unimplemented(
    message = "`{Self}` takes `{Item}`, but the rows of this table are `{R}`",
    label = "not a sink of `{R}`",
    note = "a sink of `Encoded` messages needs an encoder: `table.message_sink(sink, subject, encoder)`",
    note = "to give an anonymous row a type, name it in the macro: `=> Total {{ city: o.city, n: count() }}`"
)]
pub trait RowSink<Item, R>: Sink<Item = R> {}

#[diagnostic::do_not_recommend]
impl<R: Schema, S: Sink<Item = R>> RowSink<R, R> for S {}

/// A sink that takes [`Encoded`] messages; `Item` is what it takes.
///
/// It is equivalent to `Sink<Item = Encoded>`; only the compile error is clearer.
#[diagnostic::on_unimplemented(
    message = "`{Self}` takes rows of `{Item}`, not messages",
    label = "this sink needs no encoder",
    note = "use `table.sink(sink)`; a sink of messages has `type Item = Encoded`"
)]
pub trait MessageSink<Item>: Sink<Item = Encoded> {}

#[diagnostic::do_not_recommend]
impl<S: Sink<Item = Encoded>> MessageSink<Encoded> for S {}

mod sealed {
    #[diagnostic::on_unimplemented(
        message = "a sink cannot take `{Self}`",
        label = "neither a row nor `Encoded`",
        note = "for rows, use a struct with `#[derive(Schema)]`; for messages that the pipeline encodes, use `Encoded`"
    )]
    pub trait Sealed {}

    #[diagnostic::do_not_recommend]
    impl<R: crate::data::Schema> Sealed for R {}
    impl Sealed for super::Encoded {}
}
