//! The sources of a table of arrivals, as the parts of which event time is the least.

use std::sync::Arc;

use super::parts::{PartOf, Parts, TimeParts};
use super::whole::Whole;
use crate::data::Schema;
use crate::dataflow::{ActiveInput, InputId};
use crate::plan::{Build, Origin, TimeInput};

/// How many rows of others arrive before a source without a row is reported, because event time waits for it.
const PATIENCE: u64 = 10_000;

/// Which part of a table a row belongs to.
pub(super) enum RowPart<R> {
    Whole,
    ByRow(PartOf<R>),
    /// The source that has sent it.
    BySource(OriginOf),
}

impl<R: Schema> RowPart<R> {
    pub(super) fn new(build: &Build<'_>, parts: TimeParts<R>) -> Self {
        match parts {
            // The inputs of a join by time have no rows here.
            TimeParts::Whole | TimeParts::ByInput(_) => RowPart::Whole,
            TimeParts::ByRow(part) => RowPart::ByRow(part),
            TimeParts::BySource(origins) => RowPart::BySource(OriginOf::new(build, &origins)),
        }
    }

    /// The parts before the first row. Each source counts from the start.
    pub(super) fn start(&self, sources: &SourceParts) -> Option<Parts> {
        match self {
            RowPart::Whole => None,
            RowPart::ByRow(_) => Some(Parts::new()),
            RowPart::BySource(_) => Some(Parts::expecting(sources.parts.iter().map(|part| part.number))),
        }
    }

    pub(super) fn of(&self, row: &R) -> u64 {
        match self {
            RowPart::Whole => 0,
            RowPart::ByRow(part) => part(row),
            RowPart::BySource(origin) => origin.get().unwrap_or(u64::MAX),
        }
    }
}

/// Which origin of a table some rows have, by its number, which is the same with any number of workers.
pub(super) enum OriginOf {
    One(Option<u64>),
    /// The input that has sent them.
    Several(ActiveInput, Vec<(InputId, u64)>),
}

impl OriginOf {
    pub(super) fn new(build: &Build<'_>, origins: &[Origin]) -> Self {
        if let [] | [_] = origins {
            return OriginOf::One(origins.first().map(|origin| origin.node.number()));
        }
        let number = |origin: &Origin| Some((build.input_of(origin.node)?, origin.node.number()));
        OriginOf::Several(build.dataflow.active_input(), origins.iter().filter_map(number).collect())
    }

    pub(super) fn get(&self) -> Option<u64> {
        match self {
            OriginOf::One(number) => *number,
            OriginOf::Several(active, numbers) => {
                let active = active.get();
                numbers.iter().find(|(input, _)| *input == active).map(|(_, number)| *number)
            }
        }
    }
}

/// The sources of a table.
#[derive(Debug, Default)]
pub(super) struct SourceParts {
    parts: Vec<SourcePart>,
    /// The numbers of the sources that have ended.
    ended: Vec<u64>,
    wait: Option<Wait>,
}

#[derive(Debug)]
struct SourcePart {
    /// That of its node.
    number: u64,
    name: Arc<str>,
    /// The part ends when these have: the sources that have not ended, with their numbers.
    sources: Vec<(InputId, u64)>,
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
        let has_input = |origin: &&Origin| build.input_of(origin.node).is_some();
        SourceParts::of_origins(build, origins.iter().filter(has_input))
    }

    /// The inputs of a join by time.
    pub(super) fn of_inputs(build: &Build<'_>, inputs: &[TimeInput]) -> Self {
        let mut inputs = SourceParts::of_origins(build, inputs.iter().flat_map(TimeInput::origins));
        inputs.parts.sort_by_key(|part| part.number);
        inputs.parts.dedup_by_key(|part| part.number);
        inputs
    }

    fn of_origins<'o>(build: &Build<'_>, origins: impl Iterator<Item = &'o Origin>) -> Self {
        let part = |origin: &Origin| {
            let sources = origin.sources.iter();
            let sources = sources.filter_map(|source| Some((build.input_of(*source)?, source.number()))).collect();
            SourcePart { number: origin.node.number(), name: Arc::clone(&origin.name), sources }
        };
        SourceParts { parts: origins.map(part).collect(), ..SourceParts::default() }
    }

    /// A source has ended: calls `end` for the parts that have ended with it.
    pub(super) fn end(&mut self, source: InputId, mut end: impl FnMut(u64)) {
        for part in &mut self.parts {
            let before = part.sources.len();
            self.ended.extend(part.sources.extract_if(.., |(open, _)| *open == source).map(|(_, number)| number));
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

/// The sources that have ended.
impl Whole for SourceParts {
    type Saved = Vec<u64>;

    fn to_saved(&self) -> Vec<u64> {
        self.ended.clone()
    }

    fn load(&mut self, saved: Vec<u64>) {
        for part in &mut self.parts {
            part.sources.retain(|(_, number)| !saved.contains(number));
        }
        self.ended = saved;
    }
}

#[cfg(test)]
impl SourceParts {
    /// Sources whose inputs have the numbers of the parts, plus `first`.
    pub(super) fn with_inputs(parts: impl IntoIterator<Item = (u64, &'static str)>, first: u64) -> Self {
        let mut sources = SourceParts::named(parts);
        sources.parts.iter_mut().for_each(|part| part.sources.push((InputId(first + part.number), part.number)));
        sources
    }

    pub(super) fn named(parts: impl IntoIterator<Item = (u64, &'static str)>) -> Self {
        let part = |(number, name): (u64, &str)| SourcePart { number, name: name.into(), sources: Vec::new() };
        SourceParts { parts: parts.into_iter().map(part).collect(), ..SourceParts::default() }
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
