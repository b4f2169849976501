//! Custom sources: [`pathway::io::Source`].

use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use pathway::io::{RowSender, SourceSettings, Stopped};
use pathway::prelude::*;
use pathway::{ErrorKind, Running};

use super::{By, Number, number};
use crate::support::{assert_error, stop, wait_for};

#[test]
fn rows_are_inserted_and_removed() {
    for workers in [1, 2] {
        let pipeline = Pipeline::new();
        let source = By(SourceSettings::new(), |rows: &RowSender<Number>| {
            for value in 0..100_000 {
                rows.insert(number(value))?;
                if value % 2 == 0 {
                    rows.remove(number(value))?;
                }
            }
            Ok(())
        });
        let numbers = pipeline.source(source);
        let sum = reduce!(n in numbers => { n: count(), sum: sum(n.value) }).collect();
        let running = pipeline.start_with(workers).unwrap();
        wait_for("all rows", || running.stats().sources[0].rows == 150_000);
        running.join().unwrap();
        let rows: Vec<_> = sum.rows().iter().map(|row| (row.n, row.sum)).collect();
        assert_eq!(rows, [(50_000, 2_500_000_000)]);
    }
}

#[test]
fn removals_of_rows_that_are_not_there_are_rejected_if_the_source_wants_that() {
    for settings in [SourceSettings::new(), SourceSettings::new().own_commits()] {
        let pipeline = Pipeline::new();
        let source = By(settings.check_removals(), |rows: &RowSender<Number>| {
            rows.remove(number(1))?;
            rows.insert(number(1))?;
            rows.insert(number(1))?;
            rows.commit()?;
            (0..3).try_for_each(|_| rows.remove(number(1)))?;
            rows.commit()?;
            Ok(rows.insert(number(2))?)
        });
        let numbers = pipeline.source(source);
        let sum = reduce!(n in numbers => { n: count(), sum: sum(n.value) }).collect();
        let running = pipeline.start().unwrap();
        let stats = running.join().unwrap();
        let source = &stats.sources[0];
        assert_eq!((source.received, source.rows, source.rejected), (7, 5, 2));
        let rows: Vec<_> = sum.rows().iter().map(|row| (row.n, row.sum)).collect();
        assert_eq!(rows, [(1, 2)]);
    }
}

/// While a closure blocks the worker, the source is limited to the rows that its queue can hold.
#[test]
fn a_source_waits_while_the_pipeline_is_busy() {
    let given = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&given);
    let pipeline = Pipeline::new();
    let source = By(SourceSettings::new(), move |rows: &RowSender<Number>| {
        for value in 0.. {
            rows.insert(number(value))?;
            *counted.lock().unwrap() += 1;
        }
        Ok(())
    });
    let (free, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let numbers = pipeline.source(source);
    let all = filter!(n in numbers => n.value > 0 || held.lock().unwrap().recv().is_err());
    let count = reduce!(n in all => { n: count() }).collect();
    let running = pipeline.start().unwrap();
    wait_for("a full queue", || *given.lock().unwrap() >= 65_536);
    // The rows that the worker took before it blocked, and the rows in the queue, are both limited.
    assert!(*given.lock().unwrap() <= 3 * 65_536);
    running.stop();
    drop(free);
    running.join().unwrap();
    let (taken, given) = (count.rows()[0].n, *given.lock().unwrap());
    assert_eq!(taken, given, "what was taken is committed");
}

#[test]
fn own_commits_of_a_source_are_whole() {
    for workers in [1, 2] {
        let pipeline = Pipeline::new();
        let source = By(SourceSettings::new().own_commits(), |rows: &RowSender<Number>| {
            for value in 0..500 {
                for part in 0..5 {
                    rows.insert(number(5 * value + part))?;
                }
                rows.commit()?;
            }
            // The source ends without a commit. This row is committed too.
            rows.insert(number(-1))?;
            Ok(())
        });
        let seen = pipeline.source(source).collect();
        pipeline.start_with(workers).and_then(Running::join).unwrap();
        let changes = seen.changes();
        assert_eq!(changes.len(), 2_501);
        let commits: Vec<_> = changes.chunk_by(|(a, ..), (b, ..)| a == b).collect();
        assert_eq!(commits.len(), 501);
        for (number, commit) in commits[..500].iter().enumerate() {
            let values: Vec<_> = commit.iter().map(|(_, row, _)| row.value).collect();
            let first = 5 * number as i64;
            assert_eq!(values, (first..first + 5).collect::<Vec<_>>());
        }
    }
}

#[test]
fn an_open_own_commit_is_discarded_at_a_stop() {
    let pipeline = Pipeline::new();
    let (tell, told) = mpsc::channel();
    let source = By(SourceSettings::new().own_commits(), move |rows: &RowSender<Number>| {
        rows.insert(number(1))?;
        rows.commit()?;
        rows.insert(number(2))?;
        tell.send(())?;
        rows.sleep(Duration::from_secs(3_600))?;
        rows.commit()?;
        Ok(())
    });
    let seen = pipeline.source(source).collect();
    let running = pipeline.start().unwrap();
    told.recv().unwrap();
    stop(running);
    assert_eq!(seen.rows(), [number(1)]);
}

#[test]
fn every_call_reports_a_stop() {
    let pipeline = Pipeline::new();
    let (tell, told) = mpsc::channel();
    let source = By(SourceSettings::new(), move |rows: &RowSender<Number>| {
        assert!(!rows.is_stopping());
        tell.send(())?;
        assert_eq!(rows.clone().sleep(Duration::from_secs(3_600)), Err(Stopped));
        assert!(rows.is_stopping());
        assert_eq!(rows.insert(number(1)), Err(Stopped));
        assert_eq!(rows.remove(number(1)), Err(Stopped));
        Ok(rows.commit()?)
    });
    let seen = pipeline.source(source).collect();
    let running = pipeline.start().unwrap();
    told.recv().unwrap();
    stop(running);
    assert!(seen.rows().is_empty());
}

#[test]
fn a_failure_is_the_pipelines_error() {
    let pipeline = Pipeline::new();
    let source = By(SourceSettings::new().name("thermometer"), |rows: &RowSender<Number>| {
        rows.insert(number(1))?;
        Err("no mercury".into())
    });
    let _ = pipeline.source(source).collect();
    let error = pipeline.run().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Custom);
    assert_eq!(format!("{error:#}"), "source `thermometer` failed: no mercury");
}

#[test]
fn a_panic_is_the_pipelines_error() {
    let pipeline = Pipeline::new();
    let _ = pipeline.source(By(SourceSettings::new().name("bomb"), |_: &RowSender<Number>| panic!("tick"))).collect();
    let error = pipeline.run().unwrap_err();
    assert_error(&error, ErrorKind::Panic, &["source `bomb` panicked", "tick"]);
}

#[test]
fn an_append_only_source_cannot_remove_rows() {
    let pipeline = Pipeline::new();
    let source = By(SourceSettings::new().append_only(), |rows: &RowSender<Number>| {
        [1, 5, 3].into_iter().try_for_each(|value| rows.insert(number(value)))?;
        Ok(())
    });
    let highest = pipeline.source(source).deduplicate(|_| ()).accept(|new, old| new.value > old.value).collect();
    pipeline.run().unwrap();
    assert_eq!(highest.rows(), [number(5)]);

    let pipeline = Pipeline::new();
    let source = By(SourceSettings::new().append_only(), |rows: &RowSender<Number>| Ok(rows.remove(number(1))?));
    let _ = pipeline.source(source).collect();
    let error = pipeline.run().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Custom);
}
