//! When commits are sealed: neither a lead over the clock nor a slow operator holds one back.

use std::time::Instant;

use pathway::io::{RowSender, SourceSettings};
use pathway::prelude::*;

use super::{By, Number, number};
use crate::support::wait_for;

/// 20 000 commits of one row run 40 s ahead of the clock. A large commit after them used to wait until the clock had caught up,
/// and so did the end of the pipeline.
#[test]
fn a_large_commit_after_many_small_ones_is_not_held_back() {
    for workers in [1, 2] {
        let pipeline = Pipeline::new();
        let source = By(SourceSettings::new().own_commits(), |rows: &RowSender<Number>| {
            for value in 0..20_000 {
                rows.insert(number(value))?;
                rows.commit()?;
            }
            (0..300).try_for_each(|value| rows.insert(number(value)))?;
            Ok(rows.commit()?)
        });
        let numbers = pipeline.source(source);
        let _ = reduce!(n in numbers => { n: count() }).collect();
        let (running, begin) = (pipeline.start_with(workers).unwrap(), Instant::now());
        wait_for("the small commits", || running.stats().commits >= 20_000);
        // Their time is 40 s behind the beginning.
        let (small, begin) = (begin.elapsed(), Instant::now());
        let stats = running.join().unwrap();
        assert_eq!((stats.commits, stats.sources[0].rows), (20_001, 20_300));
        let lead = Duration::from_secs(40).saturating_sub(small);
        assert!(
            begin.elapsed() < (lead / 2).max(Duration::from_secs(5)),
            "{workers} workers: {:?} after {small:?}",
            begin.elapsed()
        );
    }
}

/// The source is always ahead, so that there is always more for the open commit.
#[test]
fn a_slow_closure_behind_a_fast_source_does_not_make_one_endless_commit() {
    let pipeline = Pipeline::new();
    let source = By(SourceSettings::new().max_backlog(10_000), |rows: &RowSender<Number>| {
        (0..).try_for_each(|value| rows.insert(number(value))).map_err(Into::into)
    });
    let numbers = pipeline.source(source);
    let slow = filter!(n in numbers => {
        // Time must pass here: a slow closure is what is tested.
        std::thread::sleep(Duration::from_micros(20));
        n.value >= 0
    });
    let _ = reduce!(n in slow => { n: count() }).collect();
    let running = pipeline.start().unwrap();
    wait_for("some commits", || running.stats().commits >= 5);
    running.stop();
    running.join().unwrap();
}

/// The worker takes no more than 65 536 rows in a turn; what is left must not wait until the commit is due.
#[test]
fn rows_are_taken_while_a_commit_is_open() {
    for workers in [1, 2] {
        let pipeline = Pipeline::new();
        let source = By(SourceSettings::new().commit_every(Duration::from_secs(3_600)), |rows: &RowSender<Number>| {
            (0..200_000).try_for_each(|value| rows.insert(number(value)))?;
            Ok(rows.sleep(Duration::MAX)?)
        });
        let numbers = pipeline.source(source);
        let _ = reduce!(n in numbers => { n: count() }).collect();
        let running = pipeline.start_with(workers).unwrap();
        wait_for("all rows", || running.stats().sources[0].rows == 200_000);
        assert_eq!(running.stats().commits, 0);
        running.stop();
        running.join().unwrap();
    }
}
