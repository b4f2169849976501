//! A sample of the different values of a group, from which their number is estimated, and which any can leave.

use std::num::NonZeroI64;

use foldhash::quality::FixedState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

/// The hashes of a group's values, of which it keeps one in 2^`level`, with the number of copies of each.
///
/// Whether a value is kept depends on its hash alone (Wegman's adaptive sampling: Flajolet, *On adaptive sampling*,
/// 1990). So a kept one can be counted down and leave, and one that is not kept has left no trace that it would have to
/// take along. The number of different values is 2^`level` times that of the kept ones.
#[derive(Default)]
pub(super) struct Sample {
    copies: HashMap<u64, NonZeroI64, FixedState>,
    /// Of how many there are more than none.
    present: i64,
    level: u32,
    /// The rows of the group. Without rows it begins anew, whatever it held before.
    rows: i64,
}

impl Sample {
    /// How many values are kept at most; between this and half of it once they are sampled, which makes
    /// a standard error of 1.1 to 1.6 %.
    pub(super) const MOST: usize = 8_192;

    /// `diff` copies of a value with this hash come or go.
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
        while self.copies.len() > Self::MOST {
            self.level += 1;
            self.copies.retain(|hash, _| is_kept(*hash, self.level));
            self.present = self.copies.values().filter(|copies| copies.is_positive()).count() as i64;
        }
        if self.rows == 0 && self.copies.is_empty() {
            *self = Sample::default();
        }
    }

    /// How many different values there are, about; exactly, until there were more than [`Sample::MOST`].
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
