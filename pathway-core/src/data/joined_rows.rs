//! The rows that a `join!` of three or more tables has joined so far.

use std::cmp::Ordering;
use std::fmt;
use std::hash::Hasher;

use serde::{Deserializer, Serializer};

use super::{Column, Columns, Datum, DecodeError, DynValue, JsonText, Message, NoKey, Schema};

/// A row of the tables between the joins of a `join!`: a tuple of what is [kept](super::Kept) of a row of each table, which is an
/// `Option` for a row that may be missing.
///
/// No program sees these tables: their rows are neither read nor written as JSON, and they have no columns of their own.
pub struct JoinedRows<P>(pub P);

impl<P> fmt::Debug for JoinedRows<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JoinedRows")
    }
}

impl<P: Datum> Datum for JoinedRows<P> {
    #[inline]
    fn clone_datum(&self) -> Self {
        JoinedRows(self.0.clone_datum())
    }

    #[inline]
    fn compare(&self, other: &Self) -> Ordering {
        self.0.compare(&other.0)
    }

    #[inline]
    fn hash_into<H: Hasher>(&self, state: &mut H) {
        self.0.hash_into(state);
    }

    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }

    fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        P::deserialize(deserializer).map(JoinedRows)
    }
}

// The compiler should not propose this row where a type is none.
#[diagnostic::do_not_recommend]
impl<P: Datum> Schema for JoinedRows<P> {
    const NAME: &'static str = "JoinedRows";
    const COLUMNS: Columns = Columns { fields: &[], names: &[] };

    type KeyPresence = NoKey;
    type Key = ();

    fn primary_key(&self) {}

    fn decode_row(_: JsonText<'_>, _: &Message<'_>) -> Result<Self, DecodeError> {
        Err(DecodeError::message("rows between the joins of a `join!` are not read from messages"))
    }

    fn encode_columns(&self, _: &mut Vec<u8>) {}

    fn zip_columns(&self, _: &Self, _: &mut dyn FnMut(&'static Column, &dyn DynValue, &dyn DynValue)) {}
}
