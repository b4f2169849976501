//! Values, columns, schemas, changes, messages and errors.
//!
//! Every other room imports this one; this one imports no other.

mod change;
mod column;
mod columns;
mod datum;
mod datum_container;
mod datum_json;
mod datum_scalar;
mod datum_text;
mod datum_time;
mod decode_error;
mod dyn_value;
mod encode_error;
mod error;
mod json;
pub(crate) mod json_read;
mod json_text;
mod kept_columns;
mod key;
mod layout;
mod message;
mod one_column;
mod rejection;
mod row_identity;
mod saved;
mod schema;
mod sequences;
mod sort;
mod time;

pub use change::{Change, Commit};
pub use column::{ColumnType, DecodeJson, EncodeJson, EncodeText, TextForm};
pub use columns::{Columns, SchemaField};
pub use datum::{Datum, DatumKey, DatumRef};
pub use decode_error::{DecodeError, EXCERPT_LIMIT, Mismatch, excerpt};
pub(crate) use decode_error::{row_excerpt, subject_excerpt};
pub use dyn_value::DynValue;
pub use encode_error::EncodeError;
pub use error::{Error, ErrorKind, Result};
pub use json::Json;
pub use json_text::JsonText;
pub use kept_columns::{Kept, KeptColumns, KeptRow};
pub use key::{HasKey, KeyPresence, NoKey, NoPrimaryKey, PrimaryKey};
pub use layout::{Announcement, ColumnDefault, KeptRows, Layout, RowColumn, Scalar, announce, row_announcement};
pub(crate) use layout::{HashesOf, SORTED, is_listening, layout_of};
pub(crate) use message::HeaderSpan;
pub use message::{Delivery, Headers, Message, Metadata};
pub use one_column::{OneColumn, OnePayload};
pub use rejection::Rejection;
pub(crate) use row_identity::{RowIdentity, row_layout};
pub use saved::Saved;
pub use schema::{Column, Schema};
pub(crate) use sequences::SequenceSet;
pub use sequences::{EarlierMessages, SequenceRuns};
pub(crate) use sort::{bring_first, sort_by};
pub use time::{DateTimeNaive, DateTimeUtc};
