//! What a saved value consists of: enough to compare it with that of another program, and to skip or copy each part of it.

mod announce;
mod default;
mod marked;
mod node;
mod trace;
mod tracer;

use std::fmt;

use serde::{Deserialize, Serialize};

pub(super) use announce::RowField;
pub(crate) use announce::is_listening;
pub use announce::{Announcement, announce, row_announcement};
pub use default::ColumnDefault;
pub(crate) use marked::{HashesOf, SORTED};
pub(crate) use trace::layout_of;

/// What a value consists of, as postcard encodes it.
///
/// Postcard writes no names and no types: only the type that has written a value can read it. Checkpoints keep the layouts of
/// their states, so that a program whose rows have other columns can read them, too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Layout {
    /// A single value.
    Scalar(Scalar),
    /// A value that may be missing.
    Option(Box<Layout>),
    /// Any number of values.
    Seq(Box<Layout>),
    /// Values that are sorted.
    Sorted(Box<Layout>),
    /// Any number of keys with their values.
    Map(Box<Layout>, Box<Layout>),
    /// One value after the other: a tuple, an array, or a struct that is not a row.
    Tuple(Vec<Layout>),
    /// A key of a state, and its value.
    Entry(Box<Layout>, Box<Layout>),
    /// An enum with fields: those of each variant.
    Variants(Vec<Layout>),
    /// A column of a user's enum: the names of its variants, in the order of their numbers.
    Enum(Vec<String>),
    /// A row: its columns in the order in which they are written.
    Row(Vec<RowColumn>),
    /// A state that tells rows apart by hashes of their columns, and has only the hashes.
    Identified {
        /// What the rows consist of.
        rows: Box<Layout>,
        /// The columns whose defaults have no part in the hashes, with these.
        defaults: Vec<(String, Vec<u8>)>,
        /// The state.
        state: Box<Layout>,
    },
    /// Hashes of values with this layout. It is part of a state that has the hashes, and takes no bytes itself.
    Hashed(Box<Layout>),
    /// A value of this type, which cannot be described.
    Opaque(String),
}

/// Whether a state keeps rows, so that it can continue with rows of other columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptRows {
    /// It keeps none, or depends on what they consist of.
    None,
    /// What it means does not depend on how they are sorted or hashed.
    Unordered,
    /// What it means depends on the order of the values that it [sorts](Layout::Sorted).
    Ordered,
}

/// A single value. Integers of more than eight bits have a variable length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "they are named after Rust's types")]
pub enum Scalar {
    Unit,
    Bool,
    I8,
    I16,
    I32,
    I64,
    I128,
    U8,
    U16,
    U32,
    U64,
    U128,
    F32,
    F64,
    Char,
    String,
    Bytes,
}

/// A column of a row.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RowColumn {
    /// Its name on the wire.
    pub name: String,
    /// Its type as the user has written it, for messages.
    pub type_name: String,
    /// Its value.
    pub layout: Layout,
    /// The value of a row from before the column was added. `None`: it has none.
    #[serde(skip)]
    pub default: Option<ColumnDefault>,
}

/// Whether it has the same name, and values are written in the same way.
impl PartialEq for RowColumn {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.layout == other.layout
    }
}

impl Eq for RowColumn {}

impl RowColumn {
    /// Whether rows have a value in this column. Those that an operator keeps in part say which columns they leave out.
    pub fn is_kept(&self) -> bool {
        self.layout != Layout::Scalar(Scalar::Unit)
    }

    /// What a row has in this column that was written before the column was added. `None`: nothing says that.
    pub fn missing(&self) -> Option<&[u8]> {
        /// How postcard encodes `None`.
        const NONE: &[u8] = &[0];
        self.default
            .as_ref()
            .map(|default| &*default.encoded)
            .or(matches!(self.layout, Layout::Option(_)).then_some(NONE))
    }
}

impl Layout {
    /// That of a state which tells rows with the layout `rows` apart by hashes.
    pub(crate) fn identified(rows: Layout, state: Layout) -> Layout {
        let columns = if let Layout::Row(columns) = &rows { columns.as_slice() } else { &[] };
        let default_of = |column: &RowColumn| Some((column.name.clone(), column.default.as_ref()?.encoded.to_vec()));
        let defaults = columns.iter().filter_map(default_of).collect();
        Layout::Identified { rows: rows.into(), defaults, state: state.into() }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Layout::Scalar(Scalar::Unit) => f.write_str("()"),
            Layout::Scalar(Scalar::Bytes) => f.write_str("bytes"),
            Layout::Scalar(Scalar::String) => f.write_str("String"),
            Layout::Scalar(scalar) => f.write_str(&format!("{scalar:?}").to_lowercase()),
            Layout::Option(value) => write!(f, "Option<{value}>"),
            Layout::Seq(value) => write!(f, "[{value}]"),
            Layout::Sorted(values) => values.fmt(f),
            Layout::Map(key, value) => write!(f, "map of {key} to {value}"),
            Layout::Entry(key, value) => write!(f, "{value} by {key}"),
            Layout::Tuple(values) => list(f, "(", values.iter().map(ToString::to_string), ")"),
            Layout::Variants(values) => list(f, "one of (", values.iter().map(ToString::to_string), ")"),
            Layout::Enum(names) => list(f, "enum {", names.iter().cloned(), "}"),
            Layout::Row(columns) => {
                let kept = columns.iter().filter(|column| column.is_kept());
                list(f, "{", kept.map(|column| format!("{}: {}", column.name, column.type_name)), "}")
            }
            Layout::Identified { state, .. } => state.fmt(f),
            Layout::Hashed(value) => write!(f, "hashes of {value}"),
            Layout::Opaque(name) => f.write_str(name),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, open: &str, items: impl Iterator<Item = String>, close: &str) -> fmt::Result {
    write!(f, "{open}{}{close}", items.collect::<Vec<_>>().join(", "))
}
