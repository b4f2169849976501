//! A row that is implemented by hand, as `#[derive(Schema)]` would implement it.

use std::cmp::Ordering;
use std::hash::Hasher;

use pathway_core::data::{
    Column, ColumnType, Columns, Datum, DatumKey, DatumRef, DecodeError, DynValue, HasKey, JsonText, Message, Schema,
    SchemaField,
};
use pathway_core::format::json::decode::{Slot, decode, object};
use pathway_core::format::json::encode::encode;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The row of most recorded runs: a number that identifies the row, and a column of the tested type.
#[derive(Debug, PartialEq)]
pub(crate) struct Row<T> {
    pub(crate) k: i64,
    pub(crate) v: T,
}

impl<T: ColumnType> Datum for Row<T> {
    fn clone_datum(&self) -> Self {
        Row { k: self.k, v: self.v.clone_datum() }
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.k.compare(&other.k).then_with(|| self.v.compare(&other.v))
    }

    fn hash_into<H: Hasher>(&self, state: &mut H) {
        self.k.hash_into(state);
        self.v.hash_into(state);
    }

    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Serialize::serialize(&(DatumRef(&self.k), DatumRef(&self.v)), serializer)
    }

    fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (k, v): (DatumKey<i64>, DatumKey<T>) = Deserialize::deserialize(deserializer)?;
        Ok(Row { k: k.0, v: v.0 })
    }
}

impl<T: ColumnType> Schema for Row<T> {
    const NAME: &'static str = "Row";
    const COLUMNS: Columns = Columns {
        fields: &[
            SchemaField::Column(Column { name: "k", type_name: "i64", primary_key: true, path: None }),
            SchemaField::Column(Column { name: "v", type_name: "T", primary_key: false, path: None }),
        ],
        names: &["k", "v"],
    };

    type KeyPresence = HasKey;
    type Key = (i64,);

    fn primary_key(&self) -> (i64,) {
        (self.k,)
    }

    fn decode_row(document: JsonText<'_>, _: &Message<'_>) -> Result<Self, DecodeError> {
        let (mut k, mut v) = (Slot::<i64>::new(), Slot::<T>::new());
        object(document, &mut |key, value| match key {
            "k" => k.read(value),
            "v" => v.read(value),
            _ => {}
        })?;
        Ok(Row { k: k.take(Self::COLUMNS.field(0))?, v: v.take(Self::COLUMNS.field(1))? })
    }

    fn encode_columns(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"\"k\":");
        pathway_core::data::EncodeJson::encode_json(&self.k, out);
        out.extend_from_slice(b",\"v\":");
        pathway_core::data::EncodeJson::encode_json(&self.v, out);
        out.push(b',');
    }

    fn zip_columns(&self, other: &Self, visit: &mut dyn FnMut(&'static Column, &dyn DynValue, &dyn DynValue)) {
        visit(Self::COLUMNS.field(0), &self.k, &other.k);
        visit(Self::COLUMNS.field(1), &self.v, &other.v);
    }
}

/// Decodes a value as column `v`.
pub(crate) fn value<T: ColumnType>(json: &str) -> Result<T, DecodeError> {
    decode::<Row<T>>(format!(r#"{{"k":0,"v":{json}}}"#).as_bytes()).map(|row| row.v)
}

/// Encodes a row as an insertion at time 0.
pub(crate) fn payload<T: ColumnType>(row: &Row<T>) -> String {
    let mut out = Vec::new();
    encode(row, 1, 0, &mut out);
    String::from_utf8(out).expect("JSON is UTF-8")
}
