//! A row: a struct whose fields are columns.

use super::{Columns, Datum, DecodeError, DynValue, JsonText, KeyPresence, Message, Metadata};

/// A struct whose fields are the columns of a table.
///
/// It comes by `#[derive(Schema)]`; there is no need to implement it by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a row",
    label = "a table holds structs that derive `Schema`",
    note = "a row is a struct with `#[derive(Schema)]` above it"
)]
pub trait Schema: Datum {
    /// The struct's name, for logs.
    const NAME: &'static str;

    /// The columns, in the order of the fields. Those of a flattened row stand where its field does.
    const COLUMNS: Columns;

    /// Whether a column is marked `primary_key`, as a type.
    type KeyPresence: KeyPresence;

    /// Whether a column is marked `primary_key`: a later row with the same key replaces the row.
    const HAS_KEY: bool = <Self::KeyPresence as KeyPresence>::HAS_KEY;

    /// The columns marked `primary_key`, as a tuple; `()` where none is. The key of a flattened row is a member of it.
    type Key: Datum;

    /// The row's primary key. A schema without one has the key `()` and [`Schema::HAS_KEY`] false.
    fn primary_key(&self) -> Self::Key;

    /// What its columns want of a message beside the payload.
    const METADATA: Metadata = Metadata::NONE;

    /// Reads a row from a JSON document, without white space around it, and the message that it came in.
    ///
    /// # Errors
    /// The document is not JSON, or a column can't be filled from it.
    fn decode_row(document: JsonText<'_>, message: &Message<'_>) -> Result<Self, DecodeError>;

    /// Appends the columns as JSON members, each followed by a comma: `"city":"Oslo","total":3,`.
    ///
    /// Without the braces, because what a sink adds (`diff`, `time`) comes behind.
    fn encode_columns(&self, out: &mut Vec<u8>);

    /// Shows each of [`Schema::COLUMNS`], in their order, with its value in this row and in another one.
    fn zip_columns(&self, other: &Self, show: &mut dyn FnMut(&'static Column, &dyn DynValue, &dyn DynValue));
}

/// One column of a [`Schema`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name on the wire (after `rename` and `rename_all`).
    pub name: &'static str,
    /// Its type, as written in the struct.
    pub type_name: &'static str,
    /// Whether it is part of the primary key.
    pub primary_key: bool,
    /// The JSON pointer that it is read from, where it has one.
    pub path: Option<&'static str>,
}
