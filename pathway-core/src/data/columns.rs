//! The columns of a schema.

use super::Column;

/// The columns of a [`Schema`](super::Schema), in order.
///
/// A field of the struct is a column, or a row whose columns are columns of the struct, too (`#[schema(flatten)]`).
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    /// The fields of the struct, in order.
    #[doc(hidden)]
    pub fields: &'static [SchemaField],
    /// The names of the fields in the program.
    #[doc(hidden)]
    pub names: &'static [&'static str],
}

/// A field of a row: a column, or a row whose columns are columns here.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum SchemaField {
    /// A column.
    Column(Column),
    /// A row that is flattened.
    Flattened {
        /// Its columns.
        columns: &'static Columns,
        /// Whether a column of the struct replaces a flattened column with the same name.
        replaceable: bool,
    },
}

impl Columns {
    /// The columns in the order in which they are written, each name once.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// #[derive(Schema)]
    /// struct Order { id: i64, price: f64 }
    ///
    /// let names: Vec<_> = Order::COLUMNS.iter().map(|column| column.name).collect();
    /// assert_eq!(names, ["id", "price"]);
    /// ```
    pub fn iter(&self) -> std::vec::IntoIter<&'static Column> {
        let mut all = Vec::new();
        for field in self.fields {
            match field {
                SchemaField::Flattened { columns, replaceable } => {
                    all.extend(columns.iter().map(|column| match replaceable {
                        true => self.own(column.name).unwrap_or(column),
                        false => column,
                    }))
                }
                SchemaField::Column(column) if !self.replaces(column.name) => all.push(column),
                SchemaField::Column(_) => {}
            }
        }
        all.into_iter()
    }

    /// The column of the field with an index.
    ///
    /// # Panics
    /// There is no such field, or it is a flattened row. Only the code of `#[derive(Schema)]` calls this, with a valid
    /// index and at compile time.
    #[doc(hidden)]
    pub const fn field(&self, number: usize) -> &'static Column {
        match &self.fields[number] {
            SchemaField::Column(column) => column,
            SchemaField::Flattened { .. } => unreachable!(),
        }
    }

    /// Whether there is a column with a name.
    pub const fn has(&self, name: &str) -> bool {
        let mut number = 0;
        while number < self.fields.len() {
            let found = match &self.fields[number] {
                SchemaField::Column(column) => same(column.name, name),
                SchemaField::Flattened { columns, .. } => columns.has(name),
            };
            if found {
                return true;
            }
            number += 1;
        }
        false
    }

    /// Whether a column has the same name as one of `others`.
    #[doc(hidden)]
    pub const fn overlaps(&self, others: &Columns) -> bool {
        let mut number = 0;
        while number < self.fields.len() {
            let found = match &self.fields[number] {
                SchemaField::Column(column) => others.has(column.name),
                SchemaField::Flattened { columns, .. } => columns.overlaps(others),
            };
            if found {
                return true;
            }
            number += 1;
        }
        false
    }

    /// Whether a column with that name replaces a flattened one.
    const fn replaces(&self, name: &str) -> bool {
        let mut number = 0;
        while number < self.fields.len() {
            if let SchemaField::Flattened { columns, replaceable: true } = &self.fields[number]
                && columns.has(name)
            {
                return true;
            }
            number += 1;
        }
        false
    }

    /// The column with a name among the struct's own fields.
    fn own(&self, name: &str) -> Option<&'static Column> {
        self.fields.iter().find_map(|field| match field {
            SchemaField::Column(column) if column.name == name => Some(column),
            _ => None,
        })
    }
}

/// `a == b` at compile time.
const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut place = 0;
    while place < a.len() && place < b.len() && a[place] == b[place] {
        place += 1;
    }
    place == a.len() && place == b.len()
}
