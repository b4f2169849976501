//! The row of a clock's table.

use std::cmp::Ordering;
use std::hash::Hasher;

use serde::{Deserializer, Serializer};

use crate::data::{
    Column, Columns, DateTimeUtc, Datum, DecodeError, DynValue, EncodeJson, JsonText, Message, NoKey, Schema,
    SchemaField,
};
use crate::format::json::decode::{Slot, object};

/// The only row of a clock's table: the current time. See [`Pipeline::clock`](crate::plan::Pipeline::clock).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tick {
    /// The time.
    pub at: DateTimeUtc,
}

// Implemented by hand: the derive works only in crates that depend on this one.
impl Datum for Tick {
    fn clone_datum(&self) -> Self {
        *self
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.cmp(other)
    }

    fn hash_into<H: Hasher>(&self, state: &mut H) {
        self.at.hash_into(state);
    }

    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Datum::serialize(&self.at, serializer)
    }

    fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Tick { at: <DateTimeUtc as Datum>::deserialize(deserializer)? })
    }
}

// The compiler should not propose this row where a type is none.
#[diagnostic::do_not_recommend]
impl Schema for Tick {
    const NAME: &'static str = "Tick";
    const COLUMNS: Columns = Columns {
        fields: &[SchemaField::Column(Column { name: "at", type_name: "DateTimeUtc", primary_key: false, path: None })],
        names: &["at"],
    };

    type KeyPresence = NoKey;
    type Key = ();

    fn primary_key(&self) {}

    fn decode_row(document: JsonText<'_>, _: &Message<'_>) -> Result<Self, DecodeError> {
        let mut at = Slot::new();
        object(document, &mut |column, value| {
            if column == "at" {
                at.read(value);
            }
        })?;
        Ok(Tick { at: at.take(const { Self::COLUMNS.field(0) })? })
    }

    fn encode_columns(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\"at\":");
        self.at.encode_json(out);
        out.push(b',');
    }

    fn zip_columns(&self, other: &Self, visit: &mut dyn FnMut(&'static Column, &dyn DynValue, &dyn DynValue)) {
        visit(const { Self::COLUMNS.field(0) }, &self.at, &other.at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DatumKey;
    use crate::format::json::decode::decode;
    use crate::format::json::encode::encode;

    #[test]
    fn a_tick_is_encoded_and_decoded() {
        let tick: Tick = decode(br#"{"at": "2026-01-01T08:00:00.5Z"}"#).unwrap();
        let mut json = Vec::new();
        encode(&tick, 1, 2, &mut json);
        assert_eq!(
            String::from_utf8(json).unwrap(),
            r#"{"at":"2026-01-01T08:00:00.500000000+0000","diff":1,"time":2}"#
        );
        let bytes = postcard::to_stdvec(&DatumKey(tick)).unwrap();
        assert_eq!(postcard::from_bytes::<DatumKey<Tick>>(&bytes).unwrap().0, tick);
        assert!(decode::<Tick>(b"{}").is_err());
    }
}
