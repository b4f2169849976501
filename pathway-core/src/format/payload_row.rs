//! A row with one column, `data`, that is a message's whole payload.

/// Declares such a row. The derive is not used here, because its code names the facade.
macro_rules! payload_row {
    ($(#[$doc:meta])* $name:ident, $type:ty, $type_name:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name {
            /// The payload.
            pub data: $type,
        }

        const _: () = {
            use $crate::format::payload_row::imports::*;

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

            // An error about a type that is not a row does not list these.
            #[diagnostic::do_not_recommend]
            impl Schema for $name {
                const NAME: &'static str = stringify!($name);
                const COLUMNS: Columns = Columns {
                    fields: &[SchemaField::Column(Column { name: "data", type_name: $type_name, primary_key: false, path: None })],
                    names: &["data"],
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

                fn zip_columns(&self, other: &Self, visit: &mut dyn FnMut(&'static Column, &dyn DynValue, &dyn DynValue)) {
                    visit(Self::COLUMNS.field(0), &self.data, &other.data);
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
    };
}

pub(super) use payload_row;

/// What the code of the macro names.
pub(super) mod imports {
    pub(crate) use std::cmp::Ordering;
    pub(crate) use std::hash::Hasher;

    pub(crate) use serde::{Deserializer, Serializer};

    pub(crate) use crate::data::{
        Column, Columns, Datum, DecodeError, DynValue, EncodeJson, JsonText, Message, NoKey, OneColumn, OnePayload,
        Schema, SchemaField,
    };
    pub(crate) use crate::format::json::decode::{Slot, object};
}
