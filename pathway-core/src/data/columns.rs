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
        let mut all: Vec<&Column> = Vec::new();
        for field in self.fields {
            match field {
                SchemaField::Flattened { columns, replaceable } => {
                    for column in columns.iter() {
                        let own = if *replaceable { self.own(column.name) } else { None };
                        // Of two rows that have it, the first one counts.
                        if !all.iter().any(|other| other.name == column.name) {
                            all.push(own.unwrap_or(column));
                        }
                    }
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

    /// The name of a column that more than one of the rows has that this row is made of by `{ ..a, ..b }`, and that is no column of
    /// its own. Fields with one of the names `equal` have equal values in all rows.
    #[doc(hidden)]
    pub const fn repeated(&self, equal: &[&str]) -> Option<&'static str> {
        let mut number = 0;
        while number < self.fields.len() {
            if let SchemaField::Flattened { columns: both, replaceable: true } = &self.fields[number] {
                return both.repeated_in_parts(self, equal);
            }
            number += 1;
        }
        None
    }

    /// The same of the columns of two rows, and of the parts of the second one. Those in the fields of `new` do not count.
    const fn repeated_in_parts(&self, new: &Columns, equal: &[&str]) -> Option<&'static str> {
        match self.fields {
            [SchemaField::Flattened { columns: one, .. }, SchemaField::Flattened { columns: two, .. }] => {
                match one.common(two, new, equal) {
                    None => two.repeated_in_parts(new, equal),
                    found => found,
                }
            }
            _ => None,
        }
    }

    /// The name of a column that this row and `other` have.
    const fn common(&self, other: &Columns, new: &Columns, equal: &[&str]) -> Option<&'static str> {
        let mut number = 0;
        while number < self.fields.len() {
            let found = match &self.fields[number] {
                SchemaField::Column(column) => {
                    let field = self.names[number];
                    let is_equal = contains(equal, field) && other.has_field(field, column.name);
                    match other.has(column.name) && !new.has_own(column.name) && !is_equal {
                        true => Some(column.name),
                        false => None,
                    }
                }
                SchemaField::Flattened { columns, .. } => columns.common(other, new, equal),
            };
            if found.is_some() {
                return found;
            }
            number += 1;
        }
        None
    }

    /// Whether a field with that name, or one of a row within this row, is a column with this name.
    const fn has_field(&self, field: &str, name: &str) -> bool {
        let mut number = 0;
        while number < self.fields.len() {
            let found = match &self.fields[number] {
                SchemaField::Column(column) => same(self.names[number], field) && same(column.name, name),
                SchemaField::Flattened { columns, replaceable } => *replaceable && columns.has_field(field, name),
            };
            if found {
                return true;
            }
            number += 1;
        }
        false
    }

    /// Whether a field is a column with that name.
    const fn has_own(&self, name: &str) -> bool {
        let mut number = 0;
        while number < self.fields.len() {
            if let SchemaField::Column(column) = &self.fields[number]
                && same(column.name, name)
            {
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

/// `list.contains(name)` at compile time.
const fn contains(list: &[&str], name: &str) -> bool {
    let mut number = 0;
    while number < list.len() {
        if same(list[number], name) {
            return true;
        }
        number += 1;
    }
    false
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
