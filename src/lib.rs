//! Declarative stream processing on NATS.

pub use pathway_core::data::{
    Change, Column, ColumnType, Commit, DateTimeNaive, DateTimeUtc, Datum, Error, ErrorKind, Json, Reject, Result,
    Schema,
};

pub use pathway_core::plan::{Pipeline, Table};
pub use pathway_core::table::reducer::Reducer;
#[doc = include_str!("../docs/macros/filter.md")]
pub use pathway_macros::filter;
#[doc = include_str!("../docs/macros/reduce.md")]
pub use pathway_macros::reduce;
#[doc = include_str!("../docs/macros/select.md")]
pub use pathway_macros::select;
pub use pathway_macros::{ColumnType, Schema};

/// What becomes of the rows of a group: the reducers that `reduce!` has words for, and what one's own are made of.
pub mod reducers {
    pub use pathway_core::table::reducer::*;
}

/// What most programs need.
pub mod prelude {
    pub use crate::{
        Change, ColumnType, DateTimeNaive, DateTimeUtc, Json, Pipeline, Reducer, Schema, Table, filter, reduce, select,
    };
}

/// What the macros expand to. Not for users: it changes without notice.
#[doc(hidden)]
pub mod __private {
    pub use pathway_core::expansion::*;
}
