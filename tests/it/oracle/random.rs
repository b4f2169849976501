//! Random histories of a table, each the same for the same seed.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

/// The commits of a history, before it is retracted.
const COMMITS: usize = 32;

/// The seeds to run: one that is always run and a fresh one, or the one that `PATHWAY_TEST_SEED` asks for.
pub(super) fn seeds() -> Vec<u64> {
    match std::env::var("PATHWAY_TEST_SEED") {
        Ok(seed) => vec![seed.parse().unwrap_or_else(|_| panic!("PATHWAY_TEST_SEED is not a number: {seed}"))],
        Err(_) => vec![1, SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64],
    }
}

/// What is removed from a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Removals {
    /// What is there when the commit is through.
    OfWhatIsThere,
    /// Now and then also a row that is not there; it comes in a later commit, the last but one at the latest.
    OfWhatIsToCome,
}

/// The commits of a table: rows, and how many copies of each come or go. The last one retracts all that is left.
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
    // Within a commit, a removal can stand before the insertion that it undoes.
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
        // Mostly what is there goes, one copy or all of them.
        (0..6, Some((line, all))) => draft.change(line, random.pick(&[-all, -all.signum()])),
        // It comes and goes, and never was.
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

/// A commit in the making. Its events see those before them, so that a row can come and go in one commit.
struct Draft<L> {
    /// The copies of each row; never zero, and below zero where a row went before it came.
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

    /// One of the rows that are there.
    fn any(&self, random: &mut Random) -> Option<(L, i64)> {
        let nth = random.below(self.table.len().max(1) as u64);
        self.table.iter().nth(nth as usize).map(|(line, copies)| (line.clone(), *copies))
    }

    /// What leaves nothing.
    fn undone(&self) -> Vec<(L, i64)> {
        self.table.iter().map(|(line, copies)| (line.clone(), -copies)).collect()
    }
}

/// Steele, Lea and Flood's SplitMix64.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Random(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number from 0 to `limit`, without the limit.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    pub(super) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            items.swap(end, self.below(end as u64 + 1) as usize);
        }
    }
}
