//! Declarative stream processing on NATS.

pub use pathway_core::data::{
    Change, Column, ColumnType, Commit, DateTimeNaive, DateTimeUtc, Datum, Error, ErrorKind, Json, Reject, Result,
    Schema,
};

#[doc(inline)]
#[doc = include_str!("../docs/macros/column_type.md")]
pub use pathway_macros::ColumnType;
#[doc(inline)]
#[doc = include_str!("../docs/macros/schema.md")]
pub use pathway_macros::Schema;

/// What the macros expand to. Not for users: it changes without notice.
#[doc(hidden)]
pub mod __private {
    pub use pathway_core::expansion::*;
}
