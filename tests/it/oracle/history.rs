//! Random histories of a table.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::support::random::{Random, chosen_seed};

/// The number of commits of a history, without those at the end that remove everything.
const COMMITS: usize = 32;

/// The seeds to run: a fixed one and a new one, or the one in `PATHWAY_TEST_SEED`.
pub(super) fn seeds() -> Vec<u64> {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    chosen_seed().map_or_else(|| vec![1, now()], |seed| vec![seed])
}

/// Which rows a history removes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Removals {
    /// Only rows that exist at the end of the commit.
    OfWhatIsThere,
    /// Sometimes also a row that does not exist yet. It is inserted later, in the last commit but one at the latest.
    OfWhatIsToCome,
}

/// The commits of a table: rows, and the number of copies that are inserted or removed. The last commit removes what is
/// left.
pub(super) fn history<L: Clone + Ord>(
    random: &mut Random,
    removals: Removals,
    line: impl Fn(&mut Random) -> L,
) -> Vec<Vec<(L, i64)>> {
    let mut draft = Draft { table: BTreeMap::new(), changes: Vec::new() };
    let mut commits: Vec<_> = (0..COMMITS).map(|_| commit(&mut draft, random, removals, &line)).collect();
    let (missing, left): (Vec<_>, Vec<_>) = draft.undone().into_iter().partition(|(_, diff)| *diff > 0);
    commits.extend([missing, left]);
    commits
}

fn commit<L: Clone + Ord>(
    draft: &mut Draft<L>,
    random: &mut Random,
    removals: Removals,
    line: impl Fn(&mut Random) -> L,
) -> Vec<(L, i64)> {
    match random.below(16) {
        0 | 1 => {}
        2 => draft.undone().into_iter().for_each(|(line, diff)| draft.change(line, diff)),
        _ => (0..=random.below(8)).for_each(|_| event(draft, random, removals, &line)),
    }
    let mut changes = std::mem::take(&mut draft.changes);
    // Within a commit, a removal can come before its insertion.
    random.shuffle(&mut changes);
    changes
}

fn event<L: Clone + Ord>(
    draft: &mut Draft<L>,
    random: &mut Random,
    removals: Removals,
    line: impl Fn(&mut Random) -> L,
) {
    let copies = random.pick(&[1, 1, 1, 1, 1, 2, 3]);
    match (random.below(16), draft.any(random)) {
        // Usually a row that exists is removed, one copy or all copies.
        (0..6, Some((line, all))) => draft.change(line, random.pick(&[-all, -all.signum()])),
        // The row is inserted and removed within the commit.
        (6, _) => {
            let line = line(random);
            draft.change(line.clone(), copies);
            draft.change(line, -copies);
        }
        (7, _) if removals == Removals::OfWhatIsToCome => draft.change(line(random), -1),
        (8, _) => draft.change(line(random), 0),
        _ => draft.change(line(random), copies),
    }
}

/// A commit being built. Events build on each other, so that a row can be inserted and removed in one commit.
struct Draft<L> {
    /// The copies of each row: never zero, and negative if a row was removed before its insertion.
    table: BTreeMap<L, i64>,
    changes: Vec<(L, i64)>,
}

impl<L: Clone + Ord> Draft<L> {
    fn change(&mut self, line: L, diff: i64) {
        let copies = self.table.entry(line.clone()).or_default();
        *copies += diff;
        if *copies == 0 {
            self.table.remove(&line);
        }
        self.changes.push((line, diff));
    }

    /// A random row that exists.
    fn any(&self, random: &mut Random) -> Option<(L, i64)> {
        let nth = random.below(self.table.len().max(1) as u64);
        self.table.iter().nth(nth as usize).map(|(line, copies)| (line.clone(), *copies))
    }

    /// The changes that empty the table.
    fn undone(&self) -> Vec<(L, i64)> {
        self.table.iter().map(|(line, copies)| (line.clone(), -copies)).collect()
    }
}
