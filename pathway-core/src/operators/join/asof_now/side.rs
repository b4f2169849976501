//! What a row finds on the right side.

use serde::{Deserialize, Serialize};

use crate::data::Datum;
use crate::operators::reducers::Multiset;

/// The rows of the right side with the same key.
#[derive(Serialize, Deserialize)]
#[serde(bound = "T: Datum")]
pub(super) struct Side<T> {
    pub(super) rows: Multiset<T>,
    /// How many rows there are, counting copies.
    pub(super) count: i64,
}

impl<T> Default for Side<T> {
    fn default() -> Self {
        Side { rows: Multiset::default(), count: 0 }
    }
}

impl<T: Datum> Side<T> {
    pub(super) fn update(&mut self, row: T, diff: i64) {
        self.rows.update(row, diff);
        self.count += diff;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0 && self.rows.is_empty()
    }
}
