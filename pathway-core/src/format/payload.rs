//! Payloads without columns: text, and bytes.

use std::cmp::Ordering;
use std::hash::Hasher;

use bytes::Bytes;
use serde::{Deserializer, Serializer};

use super::json::decode::{Slot, object};
use crate::data::{
    Column, Columns, Datum, DecodeError, DynValue, EncodeJson, JsonText, Message, NoKey, OneColumn, OnePayload, Schema,
    SchemaField,
};

/// Reads a payload as text, as it was sent: white space around it is part of it.
///
/// # Errors
/// The payload is not UTF-8, or what stands beside it does not fill a column.
pub(crate) fn plaintext<R: OnePayload<String>>(message: &Message<'_>) -> Result<R, DecodeError> {
    match std::str::from_utf8(message.payload) {
        Ok(text) => R::from_payload(text.to_owned(), message),
        Err(error) => Err(DecodeError::payload("the payload is not UTF-8", error.valid_up_to())),
    }
}

/// Takes a payload as bytes.
///
/// # Errors
/// What stands beside it does not fill a column.
pub(crate) fn raw<R: OnePayload<Bytes>>(message: &Message<'_>) -> Result<R, DecodeError> {
    R::from_payload(Bytes::copy_from_slice(message.payload), message)
}

macro_rules! payload {
    ($(#[$doc:meta])* $name:ident, $type:ty, $type_name:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name {
            /// The payload.
            pub data: $type,
        }

        impl Datum for $name {
            fn clone_datum(&self) -> Self {
                $name { data: self.data.clone_datum() }
            }

            fn compare(&self, other: &Self) -> Ordering {
                self.data.compare(&other.data)
            }

            fn hash_into<H: Hasher>(&self, state: &mut H) {
                self.data.hash_into(state);
            }

            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.data.serialize(serializer)
            }

            fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <$type as Datum>::deserialize(deserializer).map(|data| $name { data })
            }
        }

        // Who has a struct that is no row is not told of these.
        #[diagnostic::do_not_recommend]
        impl Schema for $name {
            const NAME: &'static str = stringify!($name);
            const COLUMNS: Columns = Columns {
                fields: &[SchemaField::Column(Column { name: "data", type_name: $type_name, primary_key: false, path: None })],
            };
            type KeyPresence = NoKey;
            type Key = ();

            fn primary_key(&self) {}

            fn decode_row(document: JsonText<'_>, _: &Message<'_>) -> Result<Self, DecodeError> {
                let mut data = Slot::<$type>::new();
                object(document, &mut |name, value| {
                    if name == "data" {
                        data.read(value);
                    }
                })?;
                data.take(Self::COLUMNS.field(0)).map(|data| $name { data })
            }

            fn encode_columns(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(b"\"data\":");
                self.data.encode_json(out);
                out.push(b',');
            }

            fn zip_columns(&self, other: &Self, show: &mut dyn FnMut(&'static Column, &dyn DynValue, &dyn DynValue)) {
                show(Self::COLUMNS.field(0), &self.data, &other.data);
            }
        }

        impl OneColumn<$type> for $name {
            fn column(&self) -> &$type {
                &self.data
            }
        }

        impl OnePayload<$type> for $name {
            fn from_payload(data: $type, _: &Message<'_>) -> Result<Self, DecodeError> {
                Ok($name { data })
            }
        }
    };
}

payload! {
    /// A row of `nats::read(..).plaintext()`: the payload as text.
    Plaintext, String, "String"
}

payload! {
    /// A row of `nats::read(..).raw()`: the payload as bytes.
    Raw, Bytes, "Bytes"
}
