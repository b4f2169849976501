//! Sources that announce that they are ready.

use std::sync::mpsc;

use pathway::ErrorKind;
use pathway::io::{RowSender, SourceSettings};
use pathway::prelude::*;

use super::{By, Number, number};
use crate::support::{assert_error, join};

#[test]
fn a_source_that_returns_counts_as_ready() {
    let pipeline = Pipeline::new();
    let source = By(SourceSettings::new().announces_ready(), |rows: &RowSender<Number>| Ok(rows.insert(number(1))?));
    let seen = pipeline.source(source).collect();
    pipeline.run().unwrap();
    assert_eq!(seen.rows(), [number(1)]);
}

#[test]
fn a_source_that_fails_before_it_is_ready_is_the_error_of_the_start() {
    let pipeline = Pipeline::new();
    let settings = SourceSettings::new().name("lost").announces_ready();
    let _ = pipeline.source(By(settings, |_: &RowSender<Number>| Err("no such host".into()))).collect();
    assert_eq!(format!("{:#}", pipeline.start().map(join).unwrap_err()), "source `lost` failed: no such host");
}

/// A clone of the sender outlives the source.
#[test]
fn a_source_that_panics_before_it_is_ready_is_the_error_of_the_start() {
    let (keep, _kept) = mpsc::channel();
    let pipeline = Pipeline::new();
    let source = By(SourceSettings::new().name("bomb").announces_ready(), move |rows: &RowSender<Number>| {
        keep.send(rows.clone())?;
        panic!("tick")
    });
    let _ = pipeline.source(source).collect();
    let error = pipeline.start().map(join).unwrap_err();
    assert_error(&error, ErrorKind::Panic, &["source `bomb` panicked", "tick"]);
}
