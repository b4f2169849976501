//! What a plan knows of its nodes only to show it.

use super::GraphColumn;
use crate::plan::identity::RowType;

/// What a node shows of itself.
#[derive(Debug)]
pub(in crate::plan) struct Declared {
    pub(super) row: &'static str,
    pub(super) columns: Vec<GraphColumn>,
    /// Parameters, as users read them.
    pub(super) details: Vec<String>,
}

impl Declared {
    /// A node with rows of this type.
    pub(in crate::plan) fn of(row: RowType) -> Self {
        Declared { row: row.name, columns: GraphColumn::all(row), details: Vec::new() }
    }
}

/// What a source or a sink shows of itself. It holds no URI, because that may have a password.
#[derive(Clone, Debug, Default)]
pub(crate) struct DeclaredEnd {
    /// `nats`, `jetstream`, `kv`, `source`, `sink`.
    pub(crate) kind: &'static str,
    /// The subject that it reads or writes.
    pub(crate) subject: Option<String>,
    /// The stream or bucket that it reads or writes.
    pub(crate) stream: Option<String>,
    /// The subject of its dead letters.
    pub(crate) dead_letters: Option<String>,
    /// Whether the program has given it a name.
    pub(crate) is_named: bool,
}
