//! Some columns of a row, which an operator keeps instead of the whole row.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserializer, Serialize, Serializer};

use super::layout::{Announcement, RowField, announce, is_listening};
use super::{Columns, Datum, Layout, RowColumn, Schema, SchemaField, row_layout};

/// A struct of some columns of a row, under the names of their fields. `join!` generates one for each side whose columns it knows.
pub trait KeptColumns: Sized + Send + Sync + 'static {
    /// The names of the fields, as the program writes them.
    const FIELDS: &'static [&'static str];

    /// References to all columns, as tuples.
    type Refs<'a>: Ord + Hash + Serialize
    where
        Self: 'a;

    /// References to all columns.
    fn refs(&self) -> Self::Refs<'_>;

    /// A copy.
    fn clone_columns(&self) -> Self;

    /// Reads the columns in order.
    ///
    /// # Errors
    /// Those of the deserializer.
    fn read<'de, A: SeqAccess<'de>>(columns: &mut A) -> Result<Self, A::Error>;
}

/// What an operator keeps of a row of type `R`: the columns `P`.
///
/// The layout of a state says which columns of the row are not kept, so that they are not taken for new ones in another program.
pub struct Kept<R, P> {
    columns: P,
    row: PhantomData<fn(&R)>,
}

impl<R, P> Kept<R, P> {
    /// These columns of a row.
    pub(crate) fn new(columns: P) -> Self {
        Kept { columns, row: PhantomData }
    }

    /// The columns.
    pub(crate) fn columns(&self) -> &P {
        &self.columns
    }
}

impl<R, P: fmt::Debug> fmt::Debug for Kept<R, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.columns.fmt(f)
    }
}

impl<R: Schema, P: KeptColumns> Datum for Kept<R, P> {
    fn clone_datum(&self) -> Self {
        Kept::new(self.columns.clone_columns())
    }

    fn compare(&self, other: &Self) -> Ordering {
        let (one, two) = (self.columns.refs(), other.columns.refs());
        one.cmp(&two)
    }

    fn hash_into<H: Hasher>(&self, state: &mut H) {
        self.columns.refs().hash(state);
    }

    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.columns.refs().serialize(serializer)
    }

    fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut count = P::FIELDS.len();
        if is_listening() {
            let fields = fields_of::<R>(P::FIELDS);
            count = fields.len();
            announce(|| Announcement::Row(fields));
        }
        deserializer.deserialize_tuple(count, KeptVisitor(PhantomData))
    }
}

struct KeptVisitor<R, P>(PhantomData<fn() -> (R, P)>);

impl<'de, R, P: KeptColumns> Visitor<'de> for KeptVisitor<R, P> {
    type Value = Kept<R, P>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} columns", P::FIELDS.len())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut columns: A) -> Result<Kept<R, P>, A::Error> {
        let kept = P::read(&mut columns)?;
        // Where the layout is found out, the columns follow that are not kept. They take no bytes.
        if is_listening() {
            while let Some(()) = columns.next_element()? {}
        }
        Ok(Kept::new(kept))
    }
}

/// What a layout says of the kept columns, and behind them of the columns that are not kept.
fn fields_of<R: Schema>(kept: &[&str]) -> Vec<RowField> {
    let whole = row_layout::<R>();
    let mut rest = if let Layout::Row(columns) = whole { columns } else { Vec::new() };
    let mut take = |name: &str| {
        let number = rest.iter().position(|column| column.name == name)?;
        Some(rest.remove(number))
    };
    let kept = kept.iter().map(|field| match R::COLUMNS.of_field(field) {
        Some(SchemaField::Column(column)) => match take(column.name) {
            Some(RowColumn { name, type_name, default, .. }) => RowField::Column(name, type_name, default),
            None => RowField::Column(column.name.to_owned(), column.type_name.to_owned(), None),
        },
        Some(SchemaField::Flattened { columns, .. }) => {
            columns.iter().for_each(|column| drop(take(column.name)));
            RowField::Flattened(Vec::new())
        }
        // The row is dereferenced to something else that has the field.
        None => RowField::Column(format!("{field} (field)"), String::new(), None),
    });
    let mut fields: Vec<_> = kept.collect();
    fields.extend(rest.into_iter().map(|column| RowField::Column(column.name, column.type_name, None)));
    fields
}

impl Columns {
    /// What a field of the row is. The fields of a row that is replaceable can be taken from this row, too.
    fn of_field(&self, name: &str) -> Option<&'static SchemaField> {
        let number = self.names.iter().position(|own| *own == name);
        number.and_then(|number| self.fields.get(number)).or_else(|| {
            self.fields.iter().find_map(|field| match field {
                SchemaField::Flattened { columns, replaceable: true } => columns.of_field(name),
                _ => None,
            })
        })
    }
}

/// What an operator keeps of rows of a table: the rows themselves, or [some columns](Kept).
pub trait KeptRow: Datum {
    /// What the program sees of it.
    type View: 'static;

    /// What the program sees of it.
    fn view(&self) -> &Self::View;
}

impl<R: Schema> KeptRow for R {
    type View = R;

    fn view(&self) -> &R {
        self
    }
}

impl<R: Schema, P: KeptColumns> KeptRow for Kept<R, P> {
    type View = P;

    fn view(&self) -> &P {
        self.columns()
    }
}
