//! Rows: structs whose fields are columns.

use super::{Columns, Datum, DecodeError, DynValue, JsonText, KeyPresence, Message, Metadata};

/// A struct whose fields are the columns of a table.
///
/// `#[derive(Schema)]` implements it; do not implement it by hand. Items that only the derive uses are hidden.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a row",
    label = "a table holds structs that derive `Schema`",
    note = "a row is a struct with `#[derive(Schema)]` above it"
)]
pub trait Schema: Datum {
    /// The name of the struct, for logs.
    const NAME: &'static str;

    /// The columns, in the order of the fields. The columns of a flattened row take the place of its field.
    const COLUMNS: Columns;

    /// Whether a column is marked `primary_key`, as a type.
    #[doc(hidden)]
    type KeyPresence: KeyPresence;

    /// Whether a column is marked `primary_key`: a later row with the same key replaces the row.
    const HAS_KEY: bool = <Self::KeyPresence as KeyPresence>::HAS_KEY;

    /// The columns that are marked `primary_key`, as a tuple; `()` if there are none. The key of a flattened row is an
    /// element of the tuple.
    type Key: Datum;

    /// The row's primary key: `()` where [`Schema::HAS_KEY`] is false.
    fn primary_key(&self) -> Self::Key;

    /// The metadata that the columns need.
    const METADATA: Metadata = Metadata::NONE;

    /// Reads a row from a JSON document without white space around it, and from the metadata of its message.
    ///
    /// # Errors
    /// The document is not JSON, or a column cannot be filled.
    #[doc(hidden)]
    fn decode_row(document: JsonText<'_>, message: &Message<'_>) -> Result<Self, DecodeError>;

    /// Appends the columns as JSON members, each followed by a comma: `"city":"Oslo","total":3,`.
    ///
    /// The braces are left out, because sinks append `diff` and `time`.
    #[doc(hidden)]
    fn encode_columns(&self, out: &mut Vec<u8>);

    /// Visits each of [`Schema::COLUMNS`] in order, with its value in this row and in another one.
    #[doc(hidden)]
    fn zip_columns(&self, other: &Self, visit: &mut dyn FnMut(&'static Column, &dyn DynValue, &dyn DynValue));
}

/// One column of a [`Schema`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The name on the wire, after `rename` and `rename_all`.
    pub name: &'static str,
    /// The type, as written in the struct.
    pub type_name: &'static str,
    /// Whether the column is part of the primary key.
    pub primary_key: bool,
    /// The JSON pointer that the column is read from, if it has one.
    pub path: Option<&'static str>,
}
