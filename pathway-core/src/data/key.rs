//! Whether a row has a primary key, as a type, so that the compiler checks operators that need one.

use super::Schema;

/// [`HasKey`] or [`NoKey`]: whether a [`Schema`] has a column marked `primary_key`.
pub trait KeyPresence: 'static {
    /// Whether there is a key.
    const HAS_KEY: bool;

    /// Whether a row with the columns of both rows has a key.
    type Or<O: KeyPresence>: KeyPresence;
}

/// At least one column is marked `primary_key`.
#[derive(Debug)]
pub enum HasKey {}

/// No column is marked `primary_key`.
#[derive(Debug)]
pub enum NoKey {}

impl KeyPresence for HasKey {
    const HAS_KEY: bool = true;
    type Or<O: KeyPresence> = HasKey;
}

impl KeyPresence for NoKey {
    const HAS_KEY: bool = false;
    type Or<O: KeyPresence> = O;
}

/// A row with a primary key: every [`Schema`] with a column that is marked `primary_key`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no primary key",
    label = "which rows belong together?",
    note = "mark the columns of the key by `#[schema(primary_key)]`, or name the key here: \
            `left.update_rows_by(&right, |row| row.id)`"
)]
pub trait PrimaryKey: Schema {}

#[diagnostic::do_not_recommend]
impl<R: Schema> PrimaryKey for R where R::KeyPresence: KeyIsPresent {}

/// Implemented for [`HasKey`] only.
pub trait KeyIsPresent {}

impl KeyIsPresent for HasKey {}

/// A row without a primary key: it never replaces another row.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has a primary key, so its rows replace each other",
    label = "this needs a table that only grows",
    note = "read the messages into a row without `primary_key`, or use `.last()`, which keeps up with rows that are replaced"
)]
pub trait NoPrimaryKey: Schema {}

#[diagnostic::do_not_recommend]
impl<R: Schema> NoPrimaryKey for R where R::KeyPresence: KeyIsAbsent {}

/// Implemented for [`NoKey`] only.
pub trait KeyIsAbsent {}

impl KeyIsAbsent for NoKey {}
