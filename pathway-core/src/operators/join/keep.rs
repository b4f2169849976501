//! What a join keeps of the rows of a side, and what it sends to the worker of their key.

use std::sync::Arc;

use super::pending::{Key, Keyed};
use crate::data::{Change, Datum, DatumKey, Kept, KeptColumns, Schema};
use crate::dataflow::{Changes, Stream};
use crate::plan::Build;
use crate::telemetry::OperatorContext;

/// Makes what is kept of a row.
pub(super) enum Keep<T, A> {
    /// The row itself.
    Whole { take: fn(T) -> A, lend: fn(&T) -> &A },
    /// Some of its columns, which are moved out of it.
    Columns(Arc<dyn Fn(&mut T) -> A + Send + Sync>),
}

impl<T> Keep<T, T> {
    pub(super) fn whole() -> Self {
        Keep::Whole { take: |row| row, lend: |row| row }
    }
}

impl<T: 'static, P: KeptColumns> Keep<T, Kept<T, P>> {
    pub(super) fn columns(columns: impl Fn(&mut T) -> P + Send + Sync + 'static) -> Self {
        Keep::Columns(Arc::new(move |row| Kept::new(columns(row))))
    }
}

impl<T: Datum, A> Keep<T, A> {
    /// What is kept of a row.
    pub(super) fn take(&self, mut row: T) -> A {
        match self {
            Keep::Whole { take, .. } => take(row),
            Keep::Columns(columns) => columns(&mut row),
        }
    }

    /// Passes on what is kept of a row, which stays.
    pub(super) fn lend<O>(&self, row: &T, with: impl FnOnce(&A) -> O) -> O {
        match self {
            Keep::Whole { lend, .. } => with(lend(row)),
            Keep::Columns(columns) => with(&columns(&mut row.clone_datum())),
        }
    }
}

impl<T, A> Clone for Keep<T, A> {
    fn clone(&self) -> Self {
        match self {
            Keep::Whole { take, lend } => Keep::Whole { take: *take, lend: *lend },
            Keep::Columns(columns) => Keep::Columns(Arc::clone(columns)),
        }
    }
}

/// The changes of a side, with their keys.
pub(super) type KeyedChanges<K, A> = Stream<Keyed<K, A>>;

/// The changes of a side as they are sent to the workers: the key of each row, which needs the whole row, and what is kept.
pub(super) fn keyed<T: Schema, K: Datum, A: Datum>(
    build: &mut Build<'_>,
    changes: Changes<T>,
    name: &OperatorContext,
    key: Key<T, K>,
    keep: impl Fn(T) -> A + 'static,
) -> KeyedChanges<K, A> {
    build.dataflow.each(changes, name, move |changes: &mut Vec<Change<T>>, keyed: &mut Vec<Keyed<K, A>>| {
        keyed.extend(changes.drain(..).map(|Change { row, diff }| {
            let key = DatumKey(key(&row));
            (key, Change { row: keep(row), diff })
        }));
    })
}
