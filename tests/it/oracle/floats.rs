//! Sums and means of floats of any magnitude depend only on the rows of the table.

use std::collections::BTreeMap;

use pathway::prelude::*;

use super::check::{Commits, label, play, to_changes, with_all_workers};
use super::history::{Removals, history, seeds};
use crate::support::random::Random;

#[derive(Schema)]
struct Reading {
    sensor: i64,
    value: f64,
}

/// A reading: the sensor, and the bits of the value.
type Line = (i64, u64);

/// A sensor's row: the sensor, and the bits of the sum and of the mean.
type Summary = (i64, u64, u64);

/// Undoes a history commit by commit. Each commit restores, bit by bit, what its counterpart changed.
#[test]
fn undone_changes_restore_every_bit() {
    for seed in seeds() {
        let label = label("floats there and back", seed);
        let history = history(&mut Random::new(seed), Removals::OfWhatIsThere, wild);
        let there_and_back: Vec<_> =
            history.iter().cloned().chain(history.iter().rev().map(|commit| undo(commit))).collect();
        let seen = summaries(&label, &there_and_back);
        let (there, back) = seen.split_at(history.len());
        for (commit, (there, back)) in there.iter().zip(back.iter().rev()).enumerate() {
            let (there, back) = (sorted(there), sorted(&undo(back)));
            assert_eq!(there, back, "{label}: commit {commit} (left), and what undoing it took back");
        }
    }
}

/// The result of a history equals the result of a pipeline that gets only the remaining rows.
#[test]
fn results_depend_only_on_the_remaining_rows() {
    for seed in seeds() {
        let label = label("floats after a history", seed);
        let history = history(&mut Random::new(seed), Removals::OfWhatIsThere, wild);
        let (end, _) = history.split_last().unwrap();
        let mut rows = BTreeMap::new();
        let seen = summaries(&label, &history);
        for (row, diff) in seen[..history.len() - 1].iter().flatten() {
            *rows.entry(*row).or_insert(0) += diff;
        }
        rows.retain(|_, copies| *copies != 0);
        let afresh = summaries(&label, &vec![undo(end), end.clone()]);
        assert_eq!(rows.into_iter().collect::<Vec<_>>(), sorted(&afresh[0]), "{label} (left), and afresh");
    }
}

/// The sums and means of a history, which are the same for any number of workers.
fn summaries(label: &str, history: &Commits<Line>) -> Commits<Summary> {
    with_all_workers(label, |workers| {
        play(
            label,
            to_changes(history, |(sensor, bits)| Reading { sensor, value: f64::from_bits(bits) }),
            workers,
            |readings| reduce!(r in readings by r.sensor => { r.sensor, sum: sum(r.value), mean: avg(r.value) }),
            |row| (row.sensor, row.sum.to_bits(), row.mean.to_bits()),
        )
    })
}

/// Floats whose naive sum is wrong in almost any order, and sometimes a NaN.
fn wild(random: &mut Random) -> Line {
    let value = match random.below(24) {
        0 => random.pick(&[f64::INFINITY, f64::NEG_INFINITY, f64::NAN]),
        1 => random.pick(&[0.0, -0.0, f64::MIN_POSITIVE, f64::MAX, f64::MIN, 5e-324, -5e-324]),
        2..10 => random.pick(&[0.1, -0.1, 0.3, 1e16, -1e16, 1e-16]),
        // Random bits. Clearing one bit of the exponent excludes infinity and NaN.
        _ => f64::from_bits(random.next() & !(1 << 52)),
    };
    (random.pick(&[1, 2, 3]), value.to_bits())
}

fn undo<L: Clone>(commit: &[(L, i64)]) -> Vec<(L, i64)> {
    commit.iter().map(|(line, diff)| (line.clone(), -diff)).collect()
}

fn sorted(changes: &[(Summary, i64)]) -> Vec<(Summary, i64)> {
    let mut changes = changes.to_vec();
    changes.sort();
    changes
}
