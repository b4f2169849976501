//! Serialization of a row as a tuple of its fields, for other processes and the disk.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserializer;
use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeTuple;

use crate::data::{ColumnDefault, Datum, DatumKey, DatumRef, Schema, announce, row_announcement};

/// A struct that is read field by field.
pub trait Fields: Schema {
    /// How many fields there are.
    const COUNT: usize;

    /// The default of the field with a number; `None` if it has none.
    fn default_of(_number: usize) -> Option<ColumnDefault> {
        None
    }

    /// Reads all fields in order.
    fn read<'de, A: SeqAccess<'de>>(fields: A) -> Result<Self, A::Error>;
}

/// Writes one field.
pub fn write_field<T: Datum, S: SerializeTuple>(tuple: &mut S, field: &T) -> Result<(), S::Error> {
    tuple.serialize_element(&DatumRef(field))
}

/// Reads one field.
pub fn read_field<'de, T: Datum, A: SeqAccess<'de>>(fields: &mut A) -> Result<T, A::Error> {
    match fields.next_element::<DatumKey<T>>()? {
        Some(field) => Ok(field.0),
        None => Err(A::Error::custom("a row ended before its last column")),
    }
}

/// Reads a struct that was written as a tuple of its fields.
pub fn read_fields<'de, T: Fields, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    announce(|| row_announcement::<T>(T::default_of));
    deserializer.deserialize_tuple(T::COUNT, FieldsVisitor(PhantomData))
}

struct FieldsVisitor<T>(PhantomData<T>);

impl<'de, T: Fields> Visitor<'de> for FieldsVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a row of {} columns", T::COUNT)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
        T::read(fields)
    }
}
