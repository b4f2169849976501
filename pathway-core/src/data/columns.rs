//! What is known of a row's columns before there is a row.

use super::Column;

/// The columns of a [`Schema`](super::Schema), in their order.
///
/// A field of a struct is a column, or a row whose columns are the struct's too (`#[schema(flatten)]`).
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    /// What the fields are, in their order. [`Columns::iter`] lists the columns.
    pub fields: &'static [SchemaField],
}

/// What one field of a row is.
#[derive(Clone, Copy, Debug)]
pub enum SchemaField {
    /// A column.
    Column(Column),
    /// A row whose columns are columns here.
    Flattened {
        /// These columns.
        columns: &'static Columns,
        /// Whether a column of the struct's own stands in the place of one that has its name.
        replaceable: bool,
    },
}

impl Columns {
    /// The columns as they are written, in their order, each name once.
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

    /// The column that the field of that number is.
    ///
    /// # Panics
    /// There is no such field, or it is a row. Only the code of `#[derive(Schema)]` asks, which knows better.
    pub const fn field(&self, number: usize) -> &'static Column {
        match &self.fields[number] {
            SchemaField::Column(column) => column,
            SchemaField::Flattened { .. } => unreachable!(),
        }
    }

    /// Whether a column has that name.
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

    /// Whether a column has the name of one of the others.
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

    /// Whether a column of the struct's own stands in the place of a flattened one of that name.
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

    /// The column of the struct's own that has that name.
    fn own(&self, name: &str) -> Option<&'static Column> {
        self.fields.iter().find_map(|field| match field {
            SchemaField::Column(column) if column.name == name => Some(column),
            _ => None,
        })
    }
}

/// `a == b`, where that has to be known when the program compiles.
const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut place = 0;
    while place < a.len() && place < b.len() && a[place] == b[place] {
        place += 1;
    }
    place == a.len() && place == b.len()
}
