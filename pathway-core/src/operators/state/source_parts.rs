//! The sources of a table of arrivals, as the parts of which event time is the least.

use std::sync::Arc;

use super::parts::{PartOf, Parts, TimeParts};
use crate::data::Schema;
use crate::dataflow::{ActiveInput, InputId};
use crate::plan::{Build, Origin, TimeInput};

/// How many rows of others arrive before a source without a row is reported, because event time waits for it.
const PATIENCE: u64 = 10_000;

/// Which part of a table a row belongs to.
pub(super) enum RowPart<R> {
    Whole,
    ByRow(PartOf<R>),
    /// The input that has sent it.
    BySource(ActiveInput),
}

impl<R: Schema> RowPart<R> {
    pub(super) fn new(build: &Build<'_>, parts: TimeParts<R>) -> Self {
        match parts {
            // The inputs of a join by time have no rows here.
            TimeParts::Whole | TimeParts::ByInput(_) => RowPart::Whole,
            TimeParts::ByRow(part) => RowPart::ByRow(part),
            TimeParts::BySource(_) => RowPart::BySource(build.dataflow.active_input()),
        }
    }

    /// The parts before the first row. Each source counts from the start.
    pub(super) fn start(&self, sources: &SourceParts) -> Option<Parts> {
        match self {
            RowPart::Whole => None,
            RowPart::ByRow(_) => Some(Parts::default()),
            RowPart::BySource(_) => Some(Parts::expecting(sources.parts.iter().map(|part| part.number))),
        }
    }

    pub(super) fn of(&self, row: &R) -> u64 {
        match self {
            RowPart::Whole => 0,
            RowPart::ByRow(part) => part(row),
            RowPart::BySource(active) => active.get().0,
        }
    }
}

/// The sources of a table.
#[derive(Debug, Default)]
pub(super) struct SourceParts {
    parts: Vec<SourcePart>,
    wait: Option<Wait>,
}

#[derive(Debug)]
struct SourcePart {
    /// That of its input.
    number: u64,
    name: Arc<str>,
    /// The part ends when these have.
    sources: Vec<InputId>,
}

/// Event time waits for a source.
#[derive(Debug)]
struct Wait {
    part: u64,
    /// How many rows of others have arrived since its last row.
    rows: u64,
}

impl SourceParts {
    pub(super) fn new<R: Schema>(build: &Build<'_>, parts: &TimeParts<R>) -> Self {
        let TimeParts::BySource(origins) = parts else { return SourceParts::default() };
        let part = |origin: &Origin| {
            let sources = origin.sources.iter().filter_map(|source| build.input_of(*source)).collect();
            Some(SourcePart { number: build.input_of(origin.node)?.0, name: Arc::clone(&origin.name), sources })
        };
        SourceParts { parts: origins.iter().filter_map(part).collect(), wait: None }
    }

    /// The inputs of a join by time.
    pub(super) fn of_inputs(build: &Build<'_>, inputs: &[TimeInput]) -> Self {
        let part = |origin: &Origin| {
            let sources = origin.sources.iter().filter_map(|source| build.input_of(*source)).collect();
            SourcePart { number: origin.node.number(), name: Arc::clone(&origin.name), sources }
        };
        let mut parts: Vec<_> = inputs.iter().flat_map(TimeInput::origins).map(part).collect();
        parts.sort_by_key(|part| part.number);
        parts.dedup_by_key(|part| part.number);
        SourceParts { parts, wait: None }
    }

    /// A source has ended: calls `end` for the parts that have ended with it.
    pub(super) fn end(&mut self, source: InputId, mut end: impl FnMut(u64)) {
        for part in &mut self.parts {
            let before = part.sources.len();
            part.sources.retain(|open| *open != source);
            if part.sources.is_empty() && before > 0 {
                end(part.number);
            }
        }
    }

    /// Rows of a part have arrived. Returns the name of the source that has been the slowest for long, without a row, once in
    /// such a time.
    pub(super) fn waiting(&mut self, part: u64, rows: u64, slowest: Option<(u64, Option<i128>)>) -> Option<&str> {
        let slowest = slowest.filter(|(slowest, _)| *slowest != part && !self.parts.is_empty());
        let Some((slowest, _)) = slowest else {
            self.wait = None;
            return None;
        };
        let wait = self.wait.get_or_insert(Wait { part: slowest, rows: 0 });
        if wait.part != slowest {
            *wait = Wait { part: slowest, rows: 0 };
        }
        let before = wait.rows;
        wait.rows += rows;
        let name = self.parts.iter().find(|part| part.number == slowest).map(|part| &*part.name);
        name.filter(|_| before < PATIENCE && wait.rows >= PATIENCE)
    }
}

#[cfg(test)]
impl SourceParts {
    pub(super) fn named(parts: impl IntoIterator<Item = (u64, &'static str)>) -> Self {
        let part = |(number, name): (u64, &str)| SourcePart { number, name: name.into(), sources: Vec::new() };
        SourceParts { parts: parts.into_iter().map(part).collect(), wait: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_event_time_waits_for_is_named_once() {
        let mut sources = SourceParts::named([(1, "a"), (2, "b")]);
        let mut named = Vec::new();
        for row in 0..3 * PATIENCE {
            // The slowest one has a row now and then, and none at the end.
            let part = if row < PATIENCE && row % 100 == 0 { 2 } else { 1 };
            named.extend(sources.waiting(part, 1, Some((2, None))).map(|name| (row, name.to_owned())));
        }
        assert_eq!(named, [(2 * PATIENCE - 100, "b".to_owned())]);
    }
}
