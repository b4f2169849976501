//! Random histories of a table, each the same for the same seed.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

/// The commits of a history, before it is retracted.
const COMMITS: usize = 40;

/// The seeds to run: those that are always run and a fresh one, or the one that `PATHWAY_TEST_SEED` asks for.
pub(super) fn seeds() -> Vec<u64> {
    match std::env::var("PATHWAY_TEST_SEED") {
        Ok(seed) => vec![seed.parse().unwrap_or_else(|_| panic!("PATHWAY_TEST_SEED is not a number: {seed}"))],
        Err(_) => vec![1, 2, SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64],
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
    let mut table = BTreeMap::new();
    let mut commits: Vec<_> = (0..COMMITS).map(|_| commit(random, removals, &mut table, &line)).collect();
    let (missing, left): (Vec<_>, Vec<_>) = table.into_iter().partition(|(_, copies)| *copies < 0);
    commits.extend([missing, left].map(|lines| lines.into_iter().map(|(line, copies)| (line, -copies)).collect()));
    commits
}

fn commit<L: Clone + Ord>(
    random: &mut Random,
    removals: Removals,
    table: &mut BTreeMap<L, i64>,
    line: impl Fn(&mut Random) -> L,
) -> Vec<(L, i64)> {
    let mut changes = Vec::new();
    match random.below(16) {
        0 | 1 => {}
        2 => changes_that_clear(table).into_iter().for_each(|change| apply(change, table, &mut changes)),
        _ => {
            for _ in 0..=random.below(8) {
                let (there, copies) = (existing(random, table), copies(random));
                match (random.below(16), there) {
                    // Mostly what is there goes, one copy or all of them.
                    (0..6, Some((line, all))) => {
                        let diff = if random.below(2) == 0 { -all.signum() } else { -all };
                        apply((line, diff), table, &mut changes);
                    }
                    // It comes and goes, and never was.
                    (6, _) => {
                        let line = line(random);
                        apply((line.clone(), copies), table, &mut changes);
                        apply((line, -copies), table, &mut changes);
                    }
                    (7, _) if removals == Removals::OfWhatIsToCome => apply((line(random), -1), table, &mut changes),
                    (8, _) => apply((line(random), 0), table, &mut changes),
                    _ => apply((line(random), copies), table, &mut changes),
                }
            }
        }
    }
    // Within a commit, a removal can stand before the insertion that it undoes.
    random.shuffle(&mut changes);
    changes
}

/// Notes a change, and what it makes of the table: events see those before them in their commit.
fn apply<L: Clone + Ord>((line, diff): (L, i64), table: &mut BTreeMap<L, i64>, changes: &mut Vec<(L, i64)>) {
    let copies = table.entry(line.clone()).or_default();
    *copies += diff;
    if *copies == 0 {
        table.remove(&line);
    }
    changes.push((line, diff));
}

fn changes_that_clear<L: Clone>(table: &BTreeMap<L, i64>) -> Vec<(L, i64)> {
    table.iter().map(|(line, copies)| (line.clone(), -copies)).collect()
}

fn existing<L: Clone>(random: &mut Random, table: &BTreeMap<L, i64>) -> Option<(L, i64)> {
    let nth = random.next() as usize % table.len().max(1);
    table.iter().nth(nth).map(|(line, copies)| (line.clone(), *copies))
}

fn copies(random: &mut Random) -> i64 {
    if random.below(4) == 0 { 2 + random.below(3) as i64 } else { 1 }
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
