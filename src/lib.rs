//! Declarative stream processing on NATS: live totals of what happens on subjects, checked by the compiler.
//!
//! ```no_run
//! use pathway::prelude::*;
//!
//! #[derive(Schema)]
//! struct Input {
//!     value: i64,
//! }
//!
//! fn main() -> pathway::Result<()> {
//!     let uri = "nats://localhost:4222";
//!
//!     let pipeline = Pipeline::new();
//!     let input = nats::read(&pipeline, uri, "connector_example").json::<Input>();
//!     let total = reduce!(row in input => { sum: sum(row.value) });
//!     nats::write(&total, uri, "sum").json();
//!     pipeline.run()
//! }
//! ```
//!
//! Integers arrive as JSON on the subject `connector_example`; their sum leaves on `sum` whenever it changes.
//!
//! - A row is a struct that [derives `Schema`](derive@Schema); enums and newtypes in it [derive `ColumnType`](derive@ColumnType).
//! - A [`Table`] is a live multiset of rows. It comes from [`nats::read`] or from a [`Pipeline`]'s
//!   [`rows`](Pipeline::rows), [`commits`](Pipeline::commits) or [`input`](Pipeline::input); one that tells the time is
//!   its [`clock`](Pipeline::clock).
//! - [`reduce!`], [`filter!`], [`select!`] and [`join!`] make tables of tables, and read like a sentence. Each stands
//!   on a method of [`Table`], which can be used as well.
//! - A table leaves through [`nats::write`], or through [`Table::collect`] in a test.
//! - [`io`] is for sources and sinks of one's own, [`Table::subscribe`] for a closure that hears of changes, and
//!   [`Table::map_async`] for asynchronous functions.
//! - [`Pipeline::run`] runs it all until it is stopped; [`Pipeline::start`] does so inside a larger program.
//! - [`testing::Broker`] goes where a server's URI goes, for tests without a server.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(doctest)]
mod guide;

pub use pathway_core::connector::Feed;
pub use pathway_core::connector::Tick;
pub use pathway_core::connector::sink::{Collected, Update};
pub use pathway_core::data::{
    Change, Column, ColumnType, Columns, Commit, DateTimeNaive, DateTimeUtc, Datum, DecodeError, Delivery, Error,
    ErrorKind, Headers, Json, Message, Metadata, OneColumn, OnePayload, PrimaryKey, Result, Schema,
};
pub use pathway_core::format::{Plaintext, Raw};
pub use pathway_core::nats::OnDecodeError;
pub use pathway_core::operators::map_async::{CallError, MapAsync};
pub use pathway_core::operators::{
    AsofJoin, AsofNowJoin, Deduplicate, Grouped, Interval, IntervalJoin, Join, Joining, Timed, TimedGroups, UpdateCells,
};
pub use pathway_core::plan::{Pipeline, Table};
pub use pathway_core::runtime::{Running, SinkStats, SourceStats, Stats};
pub use pathway_core::{bytes, jiff};
#[doc(inline)]
#[doc = include_str!("../docs/macros/column_type.md")]
pub use pathway_macros::ColumnType;
#[doc(inline)]
#[doc = include_str!("../docs/macros/schema.md")]
pub use pathway_macros::Schema;
#[doc = include_str!("../docs/macros/filter.md")]
pub use pathway_macros::filter;
#[doc = include_str!("../docs/macros/join.md")]
pub use pathway_macros::join;
#[doc = include_str!("../docs/macros/reduce.md")]
pub use pathway_macros::reduce;
#[doc = include_str!("../docs/macros/select.md")]
pub use pathway_macros::select;

pub mod prelude;

/// The two ends on NATS: [`read`](nats::read) a subject into a table, [`write`](nats::write) a table to a subject.
pub mod nats {
    pub use pathway_core::connector::{Endpoint, IntoEndpoint};
    pub use pathway_core::format::{ChangeInfo, Decode, Dsv, Encode};
    pub use pathway_core::nats::client::Options;
    pub use pathway_core::nats::jetstream::source::Start;
    pub use pathway_core::nats::{Read, Stream, Write, read, stream, write};
}

/// Sources and sinks of one's own.
pub mod io {
    pub use pathway_core::connector::custom::*;
}

/// What becomes of the rows of a group: the reducers that `reduce!` has words for, and what one's own are made of.
pub mod reducers {
    pub use pathway_core::operators::reducers::*;
}

/// Windows of event time, for `reduce!(… window tumbling(o.at, 1.hours()) as w => …)` and [`Table::window`].
pub mod windows {
    pub use pathway_core::operators::window::*;
}

/// A NATS in memory, for tests.
pub mod testing {
    pub use pathway_core::testing::{Broker, Published};
}

/// What the macros expand to. Not for users: it changes without notice.
#[doc(hidden)]
pub mod __private {
    pub use pathway_core::macro_support::*;
}
