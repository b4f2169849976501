//! Sources that fail: what they have handed over before is written.

use std::sync::mpsc;

use pathway::ErrorKind;
use pathway::io::{CommitBatch, Failure, RowSender, Sink, SourceSettings};
use pathway::prelude::*;

use super::{By, Number, number};
use crate::support::assert_error;

/// Tells of each value that it writes.
struct Values(mpsc::Sender<i64>);

impl Sink for Values {
    type Item = Number;

    fn write(&mut self, commit: CommitBatch<Number>) -> Result<(), Failure> {
        commit.changes.iter().try_for_each(|change| self.0.send(change.row.value)).map_err(Failure::from)
    }
}

/// Runs a pipeline whose source ends with an error, and returns the error and what was written.
fn run_failing(
    settings: SourceSettings,
    run: fn(&RowSender<Number>) -> Result<(), Failure>,
    workers: usize,
) -> (pathway::Error, Vec<i64>) {
    let (tell, told) = mpsc::channel();
    let pipeline = Pipeline::new();
    // Another source, which would run for ever.
    let (_feed, others) = pipeline.input::<Number>();
    pipeline.source(By(settings.name("ledger"), run)).concat(&others).sink(Values(tell));
    let error = pipeline.start_with(workers).and_then(pathway::Running::join).unwrap_err();
    let mut values: Vec<_> = told.iter().collect();
    values.sort_unstable();
    (error, values)
}

#[test]
fn what_a_source_has_committed_before_it_fails_is_written() {
    for workers in [1, 2] {
        let (error, values) = run_failing(
            SourceSettings::new().own_commits(),
            |rows| {
                for value in 0..8 {
                    rows.insert(number(value))?;
                    rows.commit()?;
                }
                rows.insert(number(100))?;
                Err("the file is damaged".into())
            },
            workers,
        );
        assert_eq!(format!("{error:#}"), "source `ledger` failed: the file is damaged");
        assert_eq!(values, [0, 1, 2, 3, 4, 5, 6, 7], "the open commit is dropped");
    }
}

#[test]
fn what_a_source_has_handed_over_before_it_fails_is_written() {
    let run = |rows: &RowSender<Number>| -> Result<(), Failure> {
        (0..8).try_for_each(|value| rows.insert(number(value)))?;
        Err("the file is damaged".into())
    };
    // The rows wait when the source fails.
    let (_, values) = run_failing(SourceSettings::new().commit_every(Duration::from_secs(3_600)), run, 1);
    assert_eq!(values, [0, 1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn what_a_source_has_handed_over_before_it_panics_is_written() {
    let run = |rows: &RowSender<Number>| -> Result<(), Failure> {
        rows.insert(number(1))?;
        panic!("tick")
    };
    let (error, values) = run_failing(SourceSettings::new(), run, 1);
    assert_error(&error, ErrorKind::Panic, &["source `ledger` panicked", "tick"]);
    assert_eq!(values, [1]);
}

#[test]
fn what_an_append_only_source_has_handed_over_before_it_removes_a_row_is_written() {
    let run = |rows: &RowSender<Number>| -> Result<(), Failure> {
        rows.insert(number(1))?;
        Ok(rows.remove(number(1))?)
    };
    let (error, values) = run_failing(SourceSettings::new().append_only(), run, 1);
    assert_error(&error, ErrorKind::Custom, &["`ledger` is append-only"]);
    assert_eq!(values, [1]);
}

/// Whether the pipeline has ended meanwhile or not: the row is not lost without an error.
#[test]
fn a_row_after_finish_is_an_error_also_when_the_pipeline_has_ended() {
    for waits in [false, true] {
        let pipeline = Pipeline::new();
        let source = By(SourceSettings::new().name("ledger"), move |rows: &RowSender<Number>| {
            rows.acks().request();
            rows.insert(number(1))?;
            rows.finish();
            if waits {
                assert!(rows.acks().wait_ended());
            }
            Ok(rows.insert(number(2))?)
        });
        let _ = pipeline.source(source).collect();
        let error = pipeline.start().and_then(pathway::Running::join).unwrap_err();
        assert_error(&error, ErrorKind::Custom, &["source `ledger` has handed over more after its end"]);
    }
}
