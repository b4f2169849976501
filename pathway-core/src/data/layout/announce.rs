//! What rows and enums of columns say of themselves when somebody wants to know the layout of a type.

use std::cell::{Cell, RefCell};

use super::ColumnDefault;
use crate::data::{Schema, SchemaField};

thread_local! {
    static IS_TRACING: Cell<bool> = const { Cell::new(false) };
    static ANNOUNCED: RefCell<Option<Announcement>> = const { RefCell::new(None) };
}

/// What the value is that is read next.
#[derive(Debug)]
pub enum Announcement {
    /// A row, of which these are the fields.
    Row(Vec<RowField>),
    /// The number of a variant with one of these names.
    Enum(&'static [&'static str]),
}

/// A field of a row.
#[derive(Clone, Debug)]
pub enum RowField {
    /// A column with this name, of this type, and with this default.
    Column(String, String, Option<ColumnDefault>),
    /// A row whose columns are columns of the row. Those with these names are replaced by other ones.
    Flattened(Vec<String>),
}

/// What a row of type `R` is. `default` is the default of the field with a number.
pub fn row_announcement<R: Schema>(default: impl Fn(usize) -> Option<ColumnDefault>) -> Announcement {
    let own = |name: &str| {
        R::COLUMNS.fields.iter().any(|field| matches!(field, SchemaField::Column(column) if column.name == name))
    };
    let fields = R::COLUMNS.fields.iter().enumerate().map(|(number, field)| match field {
        SchemaField::Column(column) => {
            RowField::Column(column.name.to_owned(), column.type_name.to_owned(), default(number))
        }
        SchemaField::Flattened { columns, replaceable } => {
            let replaced = columns.iter().map(|column| column.name).filter(|name| *replaceable && own(name));
            RowField::Flattened(replaced.map(str::to_owned).collect())
        }
    });
    Announcement::Row(fields.collect())
}

/// Whether somebody wants to know what is read.
pub(crate) fn is_listening() -> bool {
    IS_TRACING.get()
}

/// Says what the value is that is read next, if somebody wants to know.
#[inline]
pub fn announce(what: impl FnOnce() -> Announcement) {
    if IS_TRACING.get() {
        let what = what();
        ANNOUNCED.with_borrow_mut(|announced| *announced = Some(what));
    }
}

/// What was announced since the last call.
pub(super) fn announced() -> Option<Announcement> {
    ANNOUNCED.take()
}

/// Runs a function, in which values announce themselves.
pub(super) fn listening<T>(read: impl FnOnce() -> T) -> T {
    let was_tracing = IS_TRACING.replace(true);
    let outcome = read();
    IS_TRACING.set(was_tracing);
    announced();
    outcome
}
