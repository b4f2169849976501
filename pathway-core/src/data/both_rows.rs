//! A row with the columns of two rows: `{ ..a, ..b }`.

use std::cmp::Ordering;
use std::fmt;
use std::hash::Hasher;
use std::ops::Deref;

use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserializer, Serializer};

use super::layout::{Announcement, RowField, announce};
use super::{
    Column, Columns, Datum, DatumKey, DatumRef, DecodeError, DynValue, JsonText, Message, Metadata, NoKey, Schema,
    SchemaField,
};

/// A row that another row can be added to, so that the fields of both are there. `#[derive(Schema)]` implements it.
#[diagnostic::on_unimplemented(
    message = "the columns of a `{Self}` cannot stand before those of another row",
    label = "write this row last",
    note = "only the last of several `..` can be a row that does not derive `Schema`; or name its columns, as in `city: o.city`"
)]
pub trait ExtensibleRow: Schema {
    /// A struct with the fields of this row, which dereferences to another row, directly or over further such structs.
    type With<X: Schema>: Send + Sync + 'static;

    /// A copy of this row, with another row.
    fn with<X: Schema>(&self, other: X) -> Self::With<X>;

    /// A copy of this row.
    fn own<X: Schema>(both: &Self::With<X>) -> Self;

    /// The row that was added.
    fn other<X: Schema>(both: &Self::With<X>) -> &X;

    /// [`Schema::zip_columns`] of this row.
    fn zip_own<X: Schema>(
        one: &Self::With<X>,
        two: &Self::With<X>,
        visit: &mut dyn FnMut(&'static Column, &dyn DynValue, &dyn DynValue),
    );
}

/// A row with the columns of `A` and those of `B`. Where both have a column of one name, it is that of `A`.
pub struct BothRows<A: ExtensibleRow, B: Schema>(A::With<B>);

impl<A: ExtensibleRow, B: Schema> BothRows<A, B> {
    /// Both rows. The first one is copied.
    #[inline]
    pub fn new(one: &A, two: B) -> Self {
        BothRows(one.with(two))
    }

    /// Whether it has a column of `B` that is not one of `A`, too.
    fn is_shown(column: &Column) -> bool {
        !const { A::COLUMNS.overlaps(&B::COLUMNS) } || !A::COLUMNS.has(column.name)
    }
}

impl<A: ExtensibleRow, B: Schema> Deref for BothRows<A, B> {
    type Target = A::With<B>;

    #[inline]
    fn deref(&self) -> &A::With<B> {
        &self.0
    }
}

/// The columns of three rows: those of the first, and then those of the other two.
#[diagnostic::do_not_recommend]
impl<A: ExtensibleRow, B: ExtensibleRow> ExtensibleRow for BothRows<A, B> {
    type With<X: Schema> = A::With<BothRows<B, X>>;

    fn with<X: Schema>(&self, other: X) -> Self::With<X> {
        A::own(&self.0).with(BothRows::new(A::other(&self.0), other))
    }

    fn own<X: Schema>(both: &Self::With<X>) -> Self {
        BothRows::new(&A::own(both), B::own(&A::other(both).0))
    }

    fn other<X: Schema>(both: &Self::With<X>) -> &X {
        B::other(&A::other(both).0)
    }

    fn zip_own<X: Schema>(
        one: &Self::With<X>,
        two: &Self::With<X>,
        visit: &mut dyn FnMut(&'static Column, &dyn DynValue, &dyn DynValue),
    ) {
        A::zip_own(one, two, visit);
        B::zip_own(&A::other(one).0, &A::other(two).0, &mut |column, one, two| {
            if Self::is_shown(column) {
                visit(column, one, two);
            }
        });
    }
}

impl<A: ExtensibleRow, B: Schema> fmt::Debug for BothRows<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = f.debug_struct("BothRows");
        for column in Self::COLUMNS.iter() {
            names.field(column.name, &column.type_name);
        }
        names.finish()
    }
}

impl<A: ExtensibleRow, B: Schema> Datum for BothRows<A, B> {
    fn clone_datum(&self) -> Self {
        BothRows::new(&A::own(&self.0), A::other(&self.0).clone_datum())
    }

    fn compare(&self, other: &Self) -> Ordering {
        let mut ordering = Ordering::Equal;
        self.zip_columns(other, &mut |_, one, two| ordering = ordering.then_with(|| one.compare_dyn(two)));
        ordering
    }

    fn hash_into<H: Hasher>(&self, state: &mut H) {
        self.zip_columns(self, &mut |_, value, _| value.hash_dyn(state));
    }

    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rows = serializer.serialize_tuple(2)?;
        rows.serialize_element(&DatumKey(A::own(&self.0)))?;
        rows.serialize_element(&DatumRef(A::other(&self.0)))?;
        rows.end()
    }

    fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        announce(|| {
            let hidden = B::COLUMNS.iter().filter(|column| !Self::is_shown(column));
            let hidden = hidden.map(|column| column.name.to_owned()).collect();
            Announcement::Row(vec![RowField::Flattened(Vec::new()), RowField::Flattened(hidden)])
        });
        deserializer.deserialize_tuple(2, BothRowsVisitor(std::marker::PhantomData))
    }
}

struct BothRowsVisitor<A, B>(std::marker::PhantomData<fn() -> (A, B)>);

impl<'de, A: ExtensibleRow, B: Schema> Visitor<'de> for BothRowsVisitor<A, B> {
    type Value = BothRows<A, B>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("two rows")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut rows: S) -> Result<BothRows<A, B>, S::Error> {
        match (rows.next_element::<DatumKey<A>>()?, rows.next_element::<DatumKey<B>>()?) {
            (Some(one), Some(two)) => Ok(BothRows::new(&one.0, two.0)),
            _ => Err(S::Error::custom("a row ended before its last column")),
        }
    }
}

// The compiler should not propose this row where a type is none.
#[diagnostic::do_not_recommend]
impl<A: ExtensibleRow, B: Schema> Schema for BothRows<A, B> {
    const NAME: &'static str = "BothRows";
    const COLUMNS: Columns = Columns {
        fields: &[
            SchemaField::Flattened { columns: &A::COLUMNS, replaceable: true },
            SchemaField::Flattened { columns: &B::COLUMNS, replaceable: true },
        ],
        // They are reached by dereferencing, and not by the name of a field.
        names: &["", ""],
    };

    // A column of the key may be another row's, or have been replaced.
    type KeyPresence = NoKey;
    type Key = ();

    const METADATA: Metadata = A::METADATA.and(B::METADATA);

    fn primary_key(&self) {}

    fn decode_row(document: JsonText<'_>, message: &Message<'_>) -> Result<Self, DecodeError> {
        Ok(BothRows::new(&A::decode_row(document, message)?, B::decode_row(document, message)?))
    }

    fn encode_columns(&self, out: &mut Vec<u8>) {
        self.zip_columns(self, &mut |Column { name, .. }, value, _| {
            super::EncodeJson::encode_json(&name.to_string(), out);
            out.push(b':');
            value.write_json(out);
            out.push(b',');
        });
    }

    fn zip_columns(&self, other: &Self, visit: &mut dyn FnMut(&'static Column, &dyn DynValue, &dyn DynValue)) {
        A::zip_own(&self.0, &other.0, visit);
        A::other(&self.0).zip_columns(A::other(&other.0), &mut |column, one, two| {
            if Self::is_shown(column) {
                visit(column, one, two);
            }
        });
    }
}
