//! The handle of a running pipeline: its end, and its last statistics.

use std::sync::mpsc;

use pathway::Running;
use pathway::io::{RowSender, SourceSettings};
use pathway::prelude::*;

use super::{By, Number, number};
use crate::support::wait_for;

#[test]
fn join_returns_the_final_statistics() {
    for workers in [1, 2] {
        let pipeline = Pipeline::new();
        let source = By(SourceSettings::new().name("ten"), |rows: &RowSender<Number>| {
            Ok((0..10).try_for_each(|value| rows.insert(number(value)))?)
        });
        let _ = pipeline.source(source).collect();
        let stats = pipeline.start_with(workers).and_then(Running::join).unwrap();
        let source = &stats.sources[0];
        assert_eq!((source.name.as_str(), source.received, source.rows, source.backlog), ("ten", 10, 10, 0));
    }
}

/// Nobody joins the pipeline, and nobody stops it.
#[test]
fn a_pipeline_is_finished_when_its_sources_have_ended() {
    let (end, ended) = mpsc::channel::<()>();
    let pipeline = Pipeline::new();
    let source = By(SourceSettings::new(), move |rows: &RowSender<Number>| {
        rows.insert(number(1))?;
        Ok(ended.recv()?)
    });
    let _ = pipeline.source(source).collect();
    let running = pipeline.start().unwrap();
    assert!(!running.is_finished());
    end.send(()).unwrap();
    wait_for("the end", || running.is_finished());
    assert_eq!(running.stats().sources[0].rows, 1);
    running.join().unwrap();
}

#[test]
fn the_statistics_of_a_failed_pipeline_can_be_read() {
    let pipeline = Pipeline::new();
    let source = By(SourceSettings::new(), |rows: &RowSender<Number>| {
        rows.insert(number(1))?;
        Err("no more".into())
    });
    let _ = pipeline.source(source).collect();
    let running = pipeline.start().unwrap();
    wait_for("the end", || running.is_finished());
    assert_eq!((running.stats().sources[0].rows, running.stats().commits), (1, 1));
    assert_eq!(format!("{:#}", running.join().unwrap_err()), "source `source` failed: no more");
}
