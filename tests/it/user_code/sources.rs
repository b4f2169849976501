//! Sources of one's own: [`pathway::io::Source`].

use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use pathway::io::{Failure, RowSender, Source, SourceSettings, Stopped};
use pathway::prelude::*;
use pathway::{ErrorKind, Running};

use super::{Number, number, wait_until};

/// A source that is a closure.
struct By<F>(SourceSettings, F);

impl<F: FnOnce(&RowSender<Number>) -> Result<(), Failure> + Send + 'static> Source for By<F> {
    type Item = Number;

    fn settings(&self) -> SourceSettings {
        self.0.clone()
    }

    fn run(self, rows: &RowSender<Number>) -> Result<(), Failure> {
        (self.1)(rows)
    }
}

#[test]
fn rows_come_and_go() {
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
        wait_until("all rows are in", || running.stats().sources[0].rows == 150_000);
        running.join().unwrap();
        let rows: Vec<_> = sum.rows().iter().map(|row| (row.n, row.sum)).collect();
        assert_eq!(rows, [(50_000, 2_500_000_000)]);
    }
}

/// A sink that takes nothing holds the conductor, and that the source: no more than the hand-over's size is taken.
#[test]
fn a_source_is_held_back() {
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
    wait_until("the hand-over is full", || *given.lock().unwrap() >= 65_536);
    // What the worker took with it before it was held, and what waits: each of these is bounded.
    assert!(*given.lock().unwrap() <= 3 * 65_536);
    running.stop();
    drop(free);
    running.join().unwrap();
    let (taken, given) = (count.rows()[0].n, *given.lock().unwrap());
    assert_eq!(taken, given, "what was taken is committed");
}

#[test]
fn commits_of_its_own_are_whole() {
    for workers in [1, 2] {
        let pipeline = Pipeline::new();
        let source = By(SourceSettings::new().own_commits(), |rows: &RowSender<Number>| {
            for value in 0..500 {
                for part in 0..5 {
                    rows.insert(number(5 * value + part))?;
                }
                rows.commit()?;
            }
            // The source ends without a last word: this is committed too.
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
fn what_a_source_with_commits_of_its_own_leaves_open_at_a_stop_is_forgotten() {
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
    running.stop();
    running.join().unwrap();
    assert_eq!(seen.rows(), [number(1)]);
}

#[test]
fn a_stop_is_noticed_by_every_call() {
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
    running.stop();
    running.join().unwrap();
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
    assert_eq!(error.kind(), ErrorKind::Panic);
    assert!(error.to_string().contains("source `bomb` panicked") && error.to_string().contains("tick"), "{error}");
}

#[test]
fn a_source_that_only_inserts_says_so() {
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
