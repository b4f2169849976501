//! Declarative stream processing on NATS.

pub use pathway_core::data::{
    Change, Column, ColumnType, Commit, DateTimeNaive, DateTimeUtc, Datum, Error, ErrorKind, Json, Reject, Result,
    Schema,
};
pub use pathway_core::ends::OnBadRow;
pub use pathway_core::plan::{Pipeline, Table};
pub use pathway_core::run::{Running, SinkStats, SourceStats, Stats};
pub use pathway_core::sink::Collected;
pub use pathway_core::source::Feed;
pub use pathway_core::table::Grouped;
pub use pathway_core::{bytes, jiff};
#[doc(inline)]
#[doc = include_str!("../docs/macros/column_type.md")]
pub use pathway_macros::ColumnType;
#[doc(inline)]
#[doc = include_str!("../docs/macros/schema.md")]
pub use pathway_macros::Schema;
#[doc = include_str!("../docs/macros/filter.md")]
pub use pathway_macros::filter;
#[doc = include_str!("../docs/macros/reduce.md")]
pub use pathway_macros::reduce;
#[doc = include_str!("../docs/macros/select.md")]
pub use pathway_macros::select;

pub mod prelude;

/// The two ends on NATS: [`read`](nats::read) a subject into a table, [`write`](nats::write) a table to a subject.
pub mod nats {
    pub use pathway_core::ends::{Read, Write, read, write};
    pub use pathway_core::nats::{Options, Place};
}

/// What becomes of the rows of a group: the reducers that `reduce!` has words for, and what one's own are made of.
pub mod reducers {
    pub use pathway_core::table::reducer::*;
}

/// A NATS in memory, for tests.
pub mod testing {
    pub use pathway_core::testing::{Broker, Published};
}

/// What the macros expand to. Not for users: it changes without notice.
#[doc(hidden)]
pub mod __private {
    pub use pathway_core::expansion::*;
}
