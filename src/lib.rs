//! Incremental stream processing on NATS: live totals, joins and windows, declared in a few lines that the compiler checks.
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
//! The pipeline reads integers as JSON from the subject `connector_example`, and writes their sum to `sum` whenever it changes.
//!
//! A row is a struct. A [`Table`] is a live multiset of rows: it changes commit by commit, and every table made from it
//! follows. What is written is only what changed.
//!
//! # Macros
//!
//! | macro | what it makes |
//! |---|---|
//! | [`derive(Schema)`](derive@Schema) | a row, of a struct whose fields are columns |
//! | [`derive(ColumnType)`](derive@ColumnType) | the type of a column, of an enum or a newtype |
//! | [`filter!`] | a table of the rows that meet a condition |
//! | [`select!`] | a table of one new row for each row |
//! | [`reduce!`] | a table of one row for each group, or for each window of event time |
//! | [`top!`] | a table of the first rows of each group in an order, with their ranks |
//! | [`join!`] | a table of the rows of two tables that belong together |
//! | [`row!`] | one row, in a closure that returns rows |
//!
//! Each macro that makes a table expands to the methods of [`Table`], which you can call yourself.
//!
//! # Types, by what you do with them
//!
//! | to do what | start here |
//! |---|---|
//! | declare and run a pipeline | [`Pipeline`]; [`Running`] for a pipeline inside a larger program; [`stats`] for what it counts, and for its picture; [`console`] for lines beside its live status |
//! | describe rows and columns | [`Schema`](trait@Schema), [`ColumnType`](trait@ColumnType); [`schema`] for the types that a column can hold |
//! | read and write NATS | [`nats::read`] and [`nats::write`]; [`nats::Options`] for credentials and TLS |
//! | make tables of tables | [`Table`] and its methods; [`operators`] for the builders that some of them return |
//! | aggregate the rows of a group | [`reducers`], yours among them |
//! | work with event time | [`windows`]; [`time`] for late rows, clocks and inactive keys |
//! | read and write another format than JSON | [`format`](mod@format) |
//! | connect something other than NATS | [`io`] |
//! | test without a server | [`testing::Broker`], [`Pipeline::commits`] and [`Table::collect`] |
//! | handle a failure | [`Result`], [`Error`] and [`ErrorKind`] |
//!
//! The crates [`bytes`] and [`jiff`], whose types a column can hold, are exported in the versions that this crate uses.
//! [`prelude`] has the names that most programs need, and shows how to import it together with `tokio`, which has macros of
//! the same names.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(doctest)]
mod guide;

pub use pathway_core::data::{Change, ColumnType, Error, ErrorKind, Result, Schema};
pub use pathway_core::plan::{Pipeline, Table};
pub use pathway_core::runtime::Running;
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
#[doc = include_str!("../docs/macros/row.md")]
pub use pathway_macros::row;
#[doc = include_str!("../docs/macros/select.md")]
pub use pathway_macros::select;
#[doc = include_str!("../docs/macros/top.md")]
pub use pathway_macros::top;
pub use {bytes, jiff};

pub mod prelude;

/// Rows and columns: what `#[derive(Schema)]` implements, and the types that a column can hold.
///
/// The values are [`Json`](schema::Json), [`DateTimeUtc`](schema::DateTimeUtc) and [`DateTimeNaive`](schema::DateTimeNaive),
/// beside those of the standard library, [`Bytes`](crate::bytes::Bytes) and [`SignedDuration`](crate::jiff::SignedDuration).
/// The traits are derived; you meet them as bounds, and in compile errors.
pub mod schema {
    pub use pathway_core::data::{
        Column, Columns, DateTimeNaive, DateTimeUtc, Datum, DecodeJson, EncodeJson, EncodeText, Extends, Json,
        OneColumn, OnePayload, PrimaryKey, TextForm,
    };
}

/// Several processes: [`Cluster`](cluster::Cluster) says which one this is, for [`Pipeline::start_with`].
pub mod cluster {
    pub use pathway_core::runtime::{Cluster, Workers};
}

/// Persistence: [`directory`](persistence::directory) says where a pipeline keeps what it needs to continue after a crash; see
/// [`Pipeline::persist`]. [`record`](persistence::record) says where everything that arrives is recorded, and
/// [`replay`](persistence::replay) which recording another version of the program is run over; see [`Pipeline::record`] and
/// [`Pipeline::replay`]. [`inspect`](persistence::inspect) says what is there.
pub mod persistence {
    pub use pathway_core::connector::{ReplayOptions, replay};
    pub use pathway_core::persistence::{
        Inspection, Persistence, RecordedRun, RecordedRunSource, Recording, StateInspection, directory, inspect, record,
    };
}

/// Reading and writing NATS: [`read`](nats::read) makes a table of a subject, a stream or a bucket, [`write`](nats::write)
/// publishes a table to one.
pub mod nats {
    pub use pathway_core::connector::source::OnDecodeError;
    pub use pathway_core::connector::{Endpoint, IntoEndpoint};
    pub use pathway_core::nats::client::Options;
    pub use pathway_core::nats::jetstream::source::Start;
    pub use pathway_core::nats::{Core, JetStream, KeyValue, Read, Stream, Write, read, stream, write};
}

/// Formats: what becomes of a message's bytes, and of a row.
///
/// JSON, text, raw bytes and change streams are methods of [`nats::Read`] and [`nats::Write`]. For sources and sinks of your
/// own they are values, which [`Pipeline::message_source`] and [`Table::message_sink`] take:
///
/// | format | reads | writes | as a method on NATS |
/// |---|---|---|---|
/// | [`json()`](format::json) | yes | yes | `.json()` |
/// | [`json_events()`](format::json_events): without `diff` and `time` | as `json()` | yes | `.events()` |
/// | [`json_changes()`](format::json_changes) | yes | write with `json()` | `.changes()` |
/// | [`json_lines()`](format::json_lines): many rows a message | yes | no | `.json_lines()` |
/// | [`plaintext()`](format::plaintext) | yes | yes | `.plaintext_as()`, `.plaintext()` |
/// | [`raw()`](format::raw) | yes | yes | `.raw_as()`, `.raw()` |
/// | [`plaintext_of(..)`](format::plaintext_of), [`raw_of(..)`](format::raw_of) | no | yes | `.plaintext_of(..)`, `.raw_of(..)` |
/// | [`Dsv`](format::Dsv) | no | yes | `.dsv()` |
///
/// [`Decode`](format::Decode) and [`Encode`](format::Encode) are for formats of your own.
pub mod format {
    pub use pathway_core::data::{DecodeError, Delivery, EncodeError, Headers, Message, Metadata};
    pub use pathway_core::format::json::JsonFormat;
    pub use pathway_core::format::values::{
        JsonChanges, JsonLines, PlaintextFormat, RawFormat, json, json_changes, json_events, json_lines, plaintext,
        plaintext_of, raw, raw_of,
    };
    pub use pathway_core::format::{ChangeInfo, Decode, DecodedRows, Dsv, Encode, Plaintext, Raw, Removals};
}

/// The builders that methods of [`Table`] return: joins, groups, deduplication, updates and asynchronous calls.
///
/// You rarely name these types. Their methods say how a join pairs rows, or which row of a key stays.
pub mod operators {
    pub use pathway_core::operators::map_async::{CallError, MapAsync};
    pub use pathway_core::operators::{
        AsofJoin, AsofNowJoin, Deduplicate, Grouped, Interval, IntervalJoin, Join, Joining, UpdateCells,
    };
}

/// Reducers: how the rows of a group become one value.
///
/// Each has a word in [`reduce!`], `sum(o.price)`, and is a value for [`Table::reduce`], [`Sum`](reducers::Sum).
/// [`Reducer`](reducers::Reducer) and [`Accumulator`](reducers::Accumulator) are for reducers of your own.
pub mod reducers {
    pub use pathway_core::operators::reducers::*;
}

/// Windows of event time: [`tumbling`](windows::tumbling), [`sliding`](windows::sliding) and [`session`](windows::session),
/// for `reduce!(… window tumbling(o.at, 1.hours()) as w => …)` and for [`Table::window`].
pub mod windows {
    pub use pathway_core::operators::window::{
        CalendarLength, Window, Windowed, WindowedGroups, Windows, days, months, session, sliding, tumbling, weeks,
    };
}

/// Event time: the columns that can hold it, tables that forget old rows, clocks, and keys that became inactive.
///
/// [`Table::timed`] makes a [`Timed`](time::Timed), [`Pipeline::clock`] a table of [`Tick`](time::Tick)s.
pub mod time {
    pub use pathway_core::connector::Tick;
    pub use pathway_core::operators::window::{EventTime, Length};
    pub use pathway_core::operators::{Timed, TimedGroups, Timers};
}

/// Input and output in your own code: a [`Source`](io::Source) or a [`Sink`](io::Sink), rows that you
/// [insert](io::Feed::insert) while the pipeline runs, and a closure that receives each [`Update`](io::Update).
pub mod io {
    pub use pathway_core::connector::sink::{
        CommitBatch, CommitPosition, Encoded, EncodedBatch, EncodedMessage, MessageSink, OutputBatch, RowSink, Sink,
        SinkInput, SinkItem, Update,
    };
    pub use pathway_core::connector::source::{
        AckProgress, AckSnapshot, InputBatch, MessageBatch, MessageSender, MessageSource, OnDecodeError, Position,
        RowBatch, RowItem, RowSender, Sender, Source, SourceItem, SourceSettings, Stopped, Undecoded,
    };
    pub use pathway_core::connector::{Failure, Feed};
    pub use pathway_core::data::Commit;
}

/// The live status of a pipeline on a terminal; see [`Pipeline::console`].
#[cfg(feature = "console")]
pub mod console {
    pub use pathway_core::console::suspend;
}

/// A pipeline from outside: what it consists of, a [`Graph`](stats::Graph), see [`Pipeline::graph`]; and what it has counted,
/// see [`Running::stats`].
pub mod stats {
    pub use pathway_core::plan::{Graph, GraphColumn, GraphEdge, GraphNode, GraphRole};
    pub use pathway_core::telemetry::{
        Bucket, HistogramStats, LatencyStats, OperatorStats, OperatorWorkerStats, PROMETHEUS_CONTENT_TYPE,
        PersistenceStats, PipelineState, RecordingStats, ReplayStats, SinkStats, SourceStats, Stats, prometheus_text,
    };
}

/// Tests without a server: a NATS [`Broker`](testing::Broker) in memory, and the changes that
/// [`Table::collect`] has [`Collected`](testing::Collected).
pub mod testing {
    pub use pathway_core::connector::sink::Collected;
    pub use pathway_core::persistence::MemoryStore as Store;
    pub use pathway_core::testing::{Broker, Published};
}

/// What the macros expand to. Not for users: it changes without notice.
#[doc(hidden)]
pub mod __private {
    pub use pathway_core::macro_support::*;
}
