//! The user's own code in a pipeline: subscribers, sources, sinks, asynchronous calls.

mod acks;
mod calls;
mod commit_pace;
mod contract;
mod failures;
mod formats;
mod handle;
mod names;
mod operator_stats;
mod ready;
mod sinks;
mod sources;
mod subscribe;

use pathway::io::{Failure, RowSender, Source, SourceSettings};
use pathway::prelude::*;

#[derive(Clone, Debug, PartialEq, Schema)]
struct Number {
    value: i64,
}

fn number(value: i64) -> Number {
    Number { value }
}

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
