//! Hashes by which states tell rows apart that they do not keep.

use std::hash::{BuildHasher, Hash, Hasher};
use std::marker::PhantomData;

use foldhash::fast::FixedState;
use serde::Deserialize;

use super::{DatumKey, DynValue, Layout, Schema, layout_of};

/// Hashes rows column by column, so that the hash of a row stays the same when its columns get another order, or when it gets
/// columns: one without a value, or with its default, takes no part.
pub(crate) struct RowIdentity<R, S = FixedState> {
    hasher: S,
    /// For each column, the hash of its default, if it has one.
    defaults: Vec<Option<u64>>,
    rows: PhantomData<fn(&R)>,
}

impl<R: Schema> RowIdentity<R> {
    /// The same hashes in every run.
    pub(crate) fn new() -> Self {
        RowIdentity::with_hasher(FixedState::default())
    }
}

impl<R: Schema, S: BuildHasher> RowIdentity<R, S> {
    pub(crate) fn with_hasher(hasher: S) -> Self {
        let layout = row_layout::<R>();
        let columns = if let Layout::Row(columns) = &layout { columns.as_slice() } else { &[] };
        let default_of = |name: &str| {
            let default = columns.iter().find(|column| column.name == name)?.default.as_ref()?;
            Some(column_hash(&hasher, name, &*default.value))
        };
        let defaults = R::COLUMNS.iter().map(|column| default_of(column.name)).collect();
        RowIdentity { hasher, defaults, rows: PhantomData }
    }

    /// The hash of a row.
    pub(crate) fn hash(&self, row: &R) -> u64 {
        // Zero is for no row.
        let (mut sum, mut defaults) = (0x9e37_79b9_7f4a_7c15_u64, self.defaults.iter());
        row.zip_columns(row, &mut |column, value, _| {
            let default = defaults.next().copied().flatten();
            if default.is_none() && value.is_missing_dyn() {
                return;
            }
            let hash = column_hash(&self.hasher, column.name, value);
            if default != Some(hash) {
                sum = sum.wrapping_add(hash);
            }
        });
        sum
    }
}

fn column_hash(hasher: &impl BuildHasher, name: &str, value: &dyn DynValue) -> u64 {
    let mut state = hasher.build_hasher();
    name.hash(&mut state);
    value.hash_dyn(&mut state);
    state.finish()
}

/// What a row of type `R` consists of.
pub(crate) fn row_layout<R: Schema>() -> Layout {
    layout_of(R::NAME, |reader| DatumKey::<R>::deserialize(reader))
}
