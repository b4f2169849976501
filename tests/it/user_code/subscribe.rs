//! [`Table::subscribe`](pathway::Table::subscribe).

use std::sync::mpsc;

use pathway::io::Update;
use pathway::prelude::*;
use pathway::{ErrorKind, Running};

use super::{Number, number};
use crate::support::assert_error;

#[test]
fn a_subscriber_receives_what_a_sink_receives() {
    for workers in [1, 2, 4] {
        let pipeline = Pipeline::new();
        let numbers = pipeline.commits([
            vec![Change::insert(number(1)), Change::insert(number(2)), Change::insert(number(2))],
            vec![],
            vec![Change::remove(number(1)), Change::insert(number(3)), Change::remove(number(3))],
            vec![Change::insert(number(1)), Change::remove(number(2))],
        ]);
        let (tell, told) = mpsc::channel();
        let groups = reduce!(n in numbers by n.value => { n.value, n: count() });
        groups.subscribe(move |update| {
            let told = match update {
                Update::Change { row, diff, time } => (Some((row.value, row.n, diff)), time),
                Update::Committed { time } => (None, time),
                _ => return,
            };
            tell.send(told).unwrap();
        });
        let seen = groups.collect();
        pipeline.start_with(workers).and_then(Running::join).unwrap();
        let told: Vec<_> = told.iter().collect();
        let mut expected = Vec::new();
        for (commit, row, diff) in seen.changes() {
            let last = expected.last().map(|(commit, _)| *commit);
            if last.is_some_and(|last| last != commit) {
                expected.push((last.unwrap(), None));
            }
            expected.push((commit, Some((row.value, row.n, diff))));
        }
        expected.push((expected.last().unwrap().0, None));
        let updates = |told: &[(Option<_>, u64)]| told.iter().map(|(update, _)| *update).collect::<Vec<_>>();
        assert_eq!(updates(&told), expected.iter().map(|(_, update)| *update).collect::<Vec<_>>());
        // Each commit has one time, later than the previous one.
        let times: Vec<_> = told.split_inclusive(|(update, _)| update.is_none()).map(|commit| commit[0].1).collect();
        assert!(times.is_sorted_by(|a, b| a < b) && times.len() == 3, "{times:?}");
        for commit in told.split_inclusive(|(update, _)| update.is_none()) {
            assert!(commit.iter().all(|(_, time)| *time == commit[0].1 && time % 2 == 0), "{commit:?}");
        }
    }
}

#[test]
fn copies_of_a_row_are_one_change() {
    let pipeline = Pipeline::new();
    let (tell, told) = mpsc::channel();
    pipeline.rows([1, 2, 1].map(number)).subscribe(move |update| {
        if let Update::Change { row: Number { value }, diff, .. } = update {
            tell.send((*value, diff)).unwrap();
        }
    });
    pipeline.run().unwrap();
    assert_eq!(told.iter().collect::<Vec<_>>(), [(1, 2), (2, 1)]);
}

#[test]
fn a_panic_ends_the_pipeline() {
    for workers in [1, 2] {
        let pipeline = Pipeline::new();
        pipeline.rows([number(7)]).subscribe(|_| panic!("no sevens"));
        let error = pipeline.start_with(workers).and_then(Running::join).unwrap_err();
        assert_error(&error, ErrorKind::Panic, &["no sevens"]);
    }
}
