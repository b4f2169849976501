//! What the engine requires of values that it moves, keeps and compares.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value that the engine can copy, order, hash and send to another process: a column, a key or a row.
///
/// The methods do what `Clone`, `Ord`, `Hash` and serde do, under different names. So a row needs no derive except
/// [`Schema`](super::Schema), floats have a total order, and nothing clashes with other derives of the struct.
/// It is implemented for column types, for tuples of them, and by `#[derive(Schema)]` and `#[derive(ColumnType)]`; you
/// should not need to implement it by hand.
///
/// # Contract
/// `compare` is a total order, and values that compare as equal have equal hashes.
/// Floats are ordered by value; -0.0 equals 0.0, and NaN equals itself and is greater than everything else.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept in a table",
    label = "this type is neither a column type, nor a tuple of them, nor a row",
    note = "derive `Schema` for a row, or `ColumnType` for an enum or a newtype"
)]
pub trait Datum: Sized + Send + Sync + 'static {
    /// A copy of the value, like `Clone::clone`.
    fn clone_datum(&self) -> Self;

    /// Moves the value out of a place that is not read any more. What stays there is any value of the type. A type whose copies
    /// are expensive leaves a cheap one.
    #[inline]
    fn take_datum(&mut self) -> Self {
        self.clone_datum()
    }

    /// The total order, like `Ord::cmp`.
    fn compare(&self, other: &Self) -> Ordering;

    /// Whether the value is a missing one, such as `None` in an `Option` column. A missing value is less than every other.
    #[inline]
    fn is_missing(&self) -> bool {
        false
    }

    /// Hashes the value, like `Hash::hash`.
    fn hash_into<H: Hasher>(&self, state: &mut H);

    /// Writes the value for another process or the disk. The form differs from its JSON.
    ///
    /// # Errors
    /// Those of the serializer.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// Reads what [`Datum::serialize`] has written.
    ///
    /// # Errors
    /// Those of the deserializer; or the data are not such a value.
    fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// A [`Datum`] with the standard traits `Clone`, `Ord`, `Hash` and serde's, as maps and serializers need it.
pub struct DatumKey<T>(pub T);

/// A borrowed [`Datum`] with the same standard traits: it compares, hashes and serializes like a [`DatumKey`] of the value.
pub struct DatumRef<'a, T>(pub &'a T);

impl<T: Datum> Clone for DatumKey<T> {
    fn clone(&self) -> Self {
        DatumKey(self.0.clone_datum())
    }
}

impl<T: Datum> PartialEq for DatumKey<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0.compare(&other.0) == Ordering::Equal
    }
}

impl<T: Datum> Eq for DatumKey<T> {}

impl<T: Datum> PartialOrd for DatumKey<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Datum> Ord for DatumKey<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.compare(&other.0)
    }
}

impl<T: Datum> Hash for DatumKey<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash_into(state);
    }
}

impl<T: Datum> Serialize for DatumKey<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Datum> Deserialize<'de> for DatumKey<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(DatumKey)
    }
}

impl<T: Datum> PartialEq for DatumRef<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.0.compare(other.0) == Ordering::Equal
    }
}

impl<T: Datum> Eq for DatumRef<'_, T> {}

impl<T: Datum> PartialOrd for DatumRef<'_, T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Datum> Ord for DatumRef<'_, T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.compare(other.0)
    }
}

impl<T: Datum> Hash for DatumRef<'_, T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash_into(state);
    }
}

impl<T: Datum> Serialize for DatumRef<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for DatumKey<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for DatumRef<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
