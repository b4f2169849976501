//! Values by arrival, compared with a plain list.

use super::{Random, with_seeds};
use crate::operators::reducers::{
    Accumulator, Arrivals, Earliest, Fold, Input, Latest, ReduceError, Reducer, StringJoin, Tuple,
};

/// Changes of a group, the remaining values in order, and whether there is a debt on the way.
fn history(random: &mut Random) -> (Vec<(i64, i64)>, Vec<i64>) {
    let (mut changes, mut left) = (Vec::new(), Vec::<i64>::new());
    for _ in 0..random.below(60) {
        let (value, copies) = (random.below(5) as i64, 1 + random.below(3) as i64);
        let there = left.iter().filter(|other| **other == value).count() as i64;
        if random.below(2) == 0 && there > 0 {
            let copies = copies.min(there);
            changes.push((value, -copies));
            for _ in 0..copies {
                // The newest one is removed.
                let last = left.iter().rposition(|other| *other == value).unwrap();
                left.remove(last);
            }
        } else {
            changes.push((value, copies));
            left.extend((0..copies).map(|_| value));
        }
    }
    (changes, left)
}

/// An accumulator that weights each value with its position.
struct Places;

impl Accumulator for Places {
    type Argument = i64;
    type State = (i64, i64);
    type Output = i64;

    fn add(&self, (n, sum): &mut (i64, i64), value: i64) {
        *sum += *n * value;
        *n += 1;
    }

    fn output(&self, (_, sum): &(i64, i64)) -> Result<i64, ReduceError> {
        Ok(*sum)
    }
}

fn places(values: &[i64]) -> i64 {
    values.iter().enumerate().map(|(place, value)| place as i64 * value).sum()
}

#[test]
fn random_arrivals_agree_with_what_is_left() {
    with_seeds(2_000, |random| {
        let (changes, left) = history(random);
        let (earliest, latest, fold, join) = (Earliest::new(), Latest::new(), Fold::new(Places), StringJoin::new("; "));
        let mut arrivals = Arrivals::default();
        let (mut folded, mut texts) = (Default::default(), Default::default());
        for (value, diff) in &changes {
            arrivals.update(0, *value, *diff);
            fold.update(&mut folded, *value, *diff);
            join.update(&mut texts, value.to_string(), *diff);
            if random.below(3) == 0 {
                fold.finish_commit(&mut folded);
            }
        }
        assert_eq!(Reducer::<i64>::output(&Tuple, &arrivals), Ok(left.clone()));
        assert_eq!(Reducer::<i64>::output(&earliest, &arrivals).ok().as_ref(), left.first());
        assert_eq!(Reducer::<i64>::output(&latest, &arrivals).ok().as_ref(), left.last());
        assert_eq!(fold.output(&folded), Ok(places(&left)));
        let text: Vec<_> = left.iter().map(i64::to_string).collect();
        assert_eq!(Reducer::<String>::output(&join, &texts), Ok(text.join("; ")));

        for value in left {
            arrivals.update(0, value, -1);
            fold.update(&mut folded, value, -1);
            join.update(&mut texts, value.to_string(), -1);
        }
        fold.finish_commit(&mut folded);
        assert!(arrivals.is_empty() && texts.is_empty() && folded.keeps_no_rows());
    });
}

#[test]
fn a_removal_before_its_insertion_is_a_debt() {
    let mut values = Arrivals::default();
    for (value, diff) in [(1_i64, 1), (7, -2), (2, 1), (7, 3), (8, -1)] {
        values.update(0, value, diff);
    }
    assert_eq!(values.each().collect::<Vec<_>>(), [&1, &2, &7]);
    assert!(values.has_debt());
    for (value, diff) in [(8, 1), (1, -1), (2, -1), (7, -1)] {
        values.update(0, value, diff);
    }
    assert!(values.is_empty());

    let (fold, mut folded) = (Fold::new(Places), Default::default());
    for (value, diff) in [(5, -1), (5, 1), (3, 1), (4, 1)] {
        fold.update(&mut folded, value, diff);
    }
    assert_eq!(fold.output(&folded), Ok(4));
}

/// Rows of a few values, each with a name: the value of the removed row is removed.
#[test]
fn of_equal_values_the_one_of_the_row_is_removed() {
    with_seeds(2_000, |random| {
        let (mut left, mut arrivals) = (Vec::<(u64, i64)>::new(), Arrivals::default());
        for row in 1..random.below(40) as u64 {
            if random.below(3) == 0 && !left.is_empty() {
                let (row, value) = left.remove(random.below(left.len()));
                arrivals.update(row, value, -1);
            } else {
                let value = random.below(3) as i64;
                left.push((row, value));
                arrivals.update(row, value, 1);
            }
            let values: Vec<_> = left.iter().map(|(_, value)| value).collect();
            assert_eq!(arrivals.each().collect::<Vec<_>>(), values);
        }
    });
}

#[test]
fn an_append_only_table_needs_one_value() {
    let input = Input { append_only: true };
    let (mut earliest, mut latest, mut fold) = (Earliest::new(), Latest::new(), Fold::new(Places));
    Reducer::<i64>::prepare(&mut earliest, input).unwrap();
    Reducer::<i64>::prepare(&mut latest, input).unwrap();
    fold.prepare(input).unwrap();
    let (mut first, mut last, mut folded) = (Arrivals::default(), Arrivals::default(), Default::default());
    for value in [4_i64, 9, 4, 2] {
        earliest.update(&mut first, value, 1);
        latest.update(&mut last, value, 1);
        fold.update(&mut folded, value, 1);
    }
    assert_eq!((first.iter().collect::<Vec<_>>(), last.iter().collect::<Vec<_>>()), (vec![(&4, 1)], vec![(&2, 1)]));
    assert_eq!((fold.output(&folded), folded.keeps_no_rows()), (Ok(9 + 8 + 6), true));
}

#[test]
fn none_is_listed_but_not_joined() {
    let rows = [(None, 1), (Some("Oslo".to_owned()), 1), (None, 1), (Some("Rome".to_owned()), 1)];
    let (join, mut texts, mut values) = (StringJoin::new(", "), Default::default(), Default::default());
    assert_eq!(Reducer::<Option<String>>::output(&join, &texts), Ok(None));
    for (row, diff) in rows.clone() {
        join.update(&mut texts, row.clone(), diff);
        Tuple.update(&mut values, row, diff);
    }
    assert_eq!(Reducer::<Option<String>>::output(&join, &texts), Ok(Some("Oslo, Rome".to_owned())));
    let all: Vec<_> = rows.into_iter().map(|(row, _)| row).collect();
    assert_eq!(Reducer::<Option<String>>::output(&Tuple, &values), Ok(all));
    assert_eq!(Reducer::<Option<String>>::output(&Latest::new(), &values), Ok(Some("Rome".to_owned())));
    assert_eq!(Reducer::<Option<String>>::output(&Earliest::new(), &values), Ok(None));
}
