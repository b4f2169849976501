//! A sample of the different values of a group, to estimate their number. Values can be removed.

use std::num::NonZeroI64;

use foldhash::quality::FixedState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use serde::{Deserialize, Serialize};

/// One in 2^`level` of the hashes of the values of a group, with the number of copies of each.
///
/// Whether a value is in the sample depends on its hash alone (Wegman's adaptive sampling: Flajolet, *On adaptive sampling*, 1990).
/// Therefore values can be removed: those in the sample are counted down, and the others have no effect. The number of different
/// values is 2^`level` times the number in the sample.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Sample {
    copies: HashMap<u64, NonZeroI64, FixedState>,
    /// The number of hashes with a positive number of copies.
    present: i64,
    level: u32,
    /// The rows of the group. Without rows, sampling starts again.
    rows: i64,
}

impl Sample {
    /// The maximal number of hashes. Once values are sampled, there are between half of it and all of it, which gives a standard
    /// error of 1.1 to 1.6 %.
    pub(super) const CAPACITY: usize = 8_192;

    /// Adds `diff` copies of a value with this hash, or removes them.
    pub(super) fn update(&mut self, hash: u64, diff: i64) {
        self.rows = self.rows.wrapping_add(diff);
        if let Some(diff) = NonZeroI64::new(diff).filter(|_| is_kept(hash, self.level)) {
            let (before, after) = match self.copies.entry(hash) {
                Entry::Vacant(entry) => (0, entry.insert(diff).get()),
                Entry::Occupied(mut entry) => {
                    let before = entry.get().get();
                    let after = before.wrapping_add(diff.get());
                    match NonZeroI64::new(after) {
                        Some(after) => drop(entry.insert(after)),
                        None => drop(entry.remove()),
                    }
                    (before, after)
                }
            };
            self.present += i64::from(after > 0) - i64::from(before > 0);
        }
        while self.copies.len() > Self::CAPACITY {
            self.level += 1;
            self.copies.retain(|hash, _| is_kept(*hash, self.level));
            self.present = self.copies.values().filter(|copies| copies.is_positive()).count() as i64;
        }
        if self.rows == 0 && self.copies.is_empty() {
            *self = Sample::default();
        }
    }

    /// The estimated number of different values; exact until there were more than [`Sample::CAPACITY`].
    pub(super) fn estimate(&self) -> i64 {
        self.present.saturating_mul(1_i64.checked_shl(self.level).unwrap_or(i64::MAX))
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.copies.is_empty() && self.present == 0 && self.level == 0 && self.rows == 0
    }
}

fn is_kept(hash: u64, level: u32) -> bool {
    hash.leading_zeros() >= level
}
