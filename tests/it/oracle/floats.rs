//! Sums and means of floats of any magnitude: they depend on the rows that are there, and on nothing else.

use std::collections::BTreeMap;

use pathway::prelude::*;

use super::check::{Commits, label, play, to_changes, with_all_workers};
use super::random::{Random, Removals, history, seeds};

#[derive(Schema)]
struct Reading {
    sensor: i64,
    value: f64,
}

/// A reading: the sensor, and the bits of the value.
type Line = (i64, u64);

/// A sensor's row: the sensor, and the bits of the sum and of the mean.
type Summary = (i64, u64, u64);

/// Undoes a history commit by commit: each brings back, bit by bit, what its counterpart took away.
#[test]
fn what_is_undone_comes_back_bit_by_bit() {
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

/// The rows after a history are those of a pipeline that sees only what is left of it.
#[test]
fn how_the_rows_came_about_does_not_matter() {
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

/// The sums and means that a history gives, the same for any number of workers.
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

/// Floats whose sum in any order but the lucky one is wrong; now and then one that is no number.
fn wild(random: &mut Random) -> Line {
    let value = match random.below(24) {
        0 => random.pick(&[f64::INFINITY, f64::NEG_INFINITY, f64::NAN]),
        1 => random.pick(&[0.0, -0.0, f64::MIN_POSITIVE, f64::MAX, f64::MIN, 5e-324, -5e-324]),
        2..10 => random.pick(&[0.1, -0.1, 0.3, 1e16, -1e16, 1e-16]),
        // Any bits of a number: clearing one bit of the exponent leaves no infinity and no NaN.
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
