//! What a source hands over, as bounds whose compile errors say what to do instead.

use super::{InputBatch, MessageBatch, RowBatch, Source};
use crate::data::Schema;

/// What a source hands over. It is implemented for every row, and for [`Undecoded`] messages.
#[diagnostic::on_unimplemented(
    message = "a source cannot hand over `{Self}`",
    label = "neither a row nor `Undecoded`",
    note = "for rows, use a struct with `#[derive(Schema)]`; for messages that the pipeline decodes, use `Undecoded`"
)]
pub trait SourceItem: sealed::Sealed + Send + 'static {
    /// Several of them.
    type Batch: InputBatch;
}

#[diagnostic::do_not_recommend]
impl<R: Schema> SourceItem for R {
    type Batch = RowBatch<R>;
}

/// Messages whose payloads the pipeline decodes, as a source's [`Item`](Source::Item).
#[derive(Clone, Copy, Debug)]
pub enum Undecoded {}

impl SourceItem for Undecoded {
    type Batch = MessageBatch;
}

/// A row that a source hands over. It is implemented for every row.
///
/// It is equivalent to [`Schema`]; only the compile error for [`Undecoded`] messages is clearer.
#[diagnostic::on_unimplemented(
    message = "this source hands over `{Self}` messages, which are not rows",
    label = "these messages need a decoder",
    note = "use `pipeline.message_source(source, decoder)`"
)]
pub trait RowItem: Schema {}

#[diagnostic::do_not_recommend]
impl<R: Schema> RowItem for R {}

/// A source that hands over [`Undecoded`] messages; `Item` is what it hands over.
///
/// It is equivalent to `Source<Item = Undecoded>`; only the compile error is clearer.
#[diagnostic::on_unimplemented(
    message = "`{Self}` hands over rows of `{Item}`, not messages",
    label = "the rows of this source need no decoder",
    note = "use `pipeline.source(source)`; a source of messages has `type Item = Undecoded`"
)]
pub trait MessageSource<Item>: Source<Item = Undecoded> {}

#[diagnostic::do_not_recommend]
impl<S: Source<Item = Undecoded>> MessageSource<Undecoded> for S {}

mod sealed {
    #[diagnostic::on_unimplemented(
        message = "a source cannot hand over `{Self}`",
        label = "neither a row nor `Undecoded`",
        note = "for rows, use a struct with `#[derive(Schema)]`; for messages that the pipeline decodes, use `Undecoded`"
    )]
    pub trait Sealed {}

    #[diagnostic::do_not_recommend]
    impl<R: crate::data::Schema> Sealed for R {}
    impl Sealed for super::Undecoded {}
}
