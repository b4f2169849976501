//! The inputs of a join by time, whose times the event time of its table does not pass.

use std::sync::Arc;

use super::event_time::{Observation, Observed};
use super::parts::{Parts, TimeParts};
use super::source_parts::{OriginOf, SourceParts};
use super::whole::WholeState;
use crate::data::{Change, Schema};
use crate::dataflow::{InputId, SavedState, StatePart, Stateful, StatefulStep, Stream};
use crate::operators::window::EventTime;
use crate::plan::{Build, InputTime, Table, TimeInput};
use crate::telemetry::{OperatorContext, OperatorReports};

/// An input of a join by time, with the times of its rows.
pub(crate) fn time_input<R: Schema, T: EventTime>(
    table: &Table<R>,
    time: &Arc<dyn Fn(&R) -> i128 + Send + Sync>,
) -> TimeInput {
    let (node, origins, time) = (table.node(), table.origins(), Arc::clone(time));
    TimeInput::new::<T>(Arc::clone(&origins), move |build, name| {
        let (origin, time) = (OriginOf::new(build, &origins), Arc::clone(&time));
        let changes = build.get::<R>(node);
        build.dataflow.each(changes, name, move |changes: &mut Vec<Change<R>>, times| {
            let mut rows = 0;
            let inserted = changes.drain(..).filter(|change| change.diff > 0).inspect(|_| rows += 1);
            if let Some(latest) = inserted.map(|change| time(&change.row)).max() {
                times.extend(origin.get().map(|number| (number, latest, rows)));
            }
        })
    })
}

/// What the inputs of a join by time say, for each worker.
pub(super) fn input_observations(build: &mut Build<'_>, inputs: &[TimeInput], name: &str) -> Stream<Observed> {
    let (workers, sources) = (build.dataflow.workers(), SourceParts::of_inputs(build, inputs));
    let ends = build.source_ends();
    let mut all = build.dataflow.step(ends, name, InputEnds { sources: WholeState::new(sources), workers });
    for input in inputs {
        let times = input.times(build, name);
        let observed = build.dataflow.each(times, name, move |times: &mut Vec<InputTime>, observed| {
            for (number, time, rows) in times.drain(..) {
                observed.extend((0..workers).map(|worker| (worker, Observation::Input { number, time, rows })));
            }
        });
        all = build.dataflow.concat(all, observed);
    }
    all
}

/// Says which inputs of a join by time have ended.
struct InputEnds {
    sources: WholeState<SourceParts>,
    workers: u64,
}

impl Stateful for InputEnds {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        vec![StatePart::first("ended sources", &mut self.sources)]
    }
}

impl StatefulStep<InputId, Observed> for InputEnds {
    fn run(&mut self, ends: &mut Vec<InputId>, observed: &mut Vec<Observed>) {
        for source in ends.drain(..) {
            self.sources.end(source, |part| {
                observed.extend((0..self.workers).map(|worker| (worker, Observation::InputEnded(part))));
            });
        }
    }
}

/// The times of the inputs of a join by time.
pub(crate) struct InputTimes {
    parts: Parts,
    /// On the first worker: names an input that event time waits for.
    reports: Option<(SourceParts, OperatorReports)>,
}

impl InputTimes {
    pub(crate) fn new<R: Schema>(build: &Build<'_>, parts: &TimeParts<R>, name: &OperatorContext) -> Option<Self> {
        let TimeParts::ByInput(inputs) = parts else { return None };
        let numbers = inputs.iter().flat_map(|input| input.origins()).map(|origin| origin.node.number());
        let reports = || (SourceParts::of_inputs(build, inputs), OperatorReports::new(name));
        Some(InputTimes { parts: Parts::expecting(numbers), reports: build.dataflow.is_first_worker().then(reports) })
    }

    /// Rows of an input arrive, up to this time.
    pub(super) fn arrive(&mut self, number: u64, time: i128, rows: u64) {
        self.parts.arrive(number, time);
        if let Some((sources, reports)) = &mut self.reports
            && let Some(input) = sources.waiting(number, rows, self.parts.slowest())
        {
            reports.waiting(format_args!(
                "event time waits for `{input}`, an input of a join by time, which has had no row while many of other inputs \
                 have arrived; if this is expected, set `idle_timeout`, which leaves such an input out"
            ));
        }
    }

    /// No more rows of an input arrive.
    pub(super) fn end(&mut self, number: u64) {
        self.parts.end(number);
    }

    /// What checkpoints save.
    pub(super) fn state(&mut self) -> &mut dyn SavedState {
        self.parts.state()
    }

    /// The state was loaded.
    pub(super) fn loaded(&mut self) {
        self.parts.loaded();
    }

    /// The commit is complete. `own` is what event time would be without the inputs; `clock` is the time of the clock, and how
    /// long an input must be without a row to be idle. Returns the least of the times.
    pub(super) fn seal(&mut self, own: Option<i128>, clock: Option<(i128, i128)>) -> Option<i128> {
        self.parts.seal();
        if let Some((clock, timeout)) = clock {
            self.parts.tick(clock, timeout);
        }
        if self.parts.is_empty() { own } else { own.min(self.parts.least()) }
    }
}

#[cfg(test)]
impl InputTimes {
    pub(super) fn of(numbers: impl IntoIterator<Item = u64>) -> Self {
        InputTimes { parts: Parts::expecting(numbers.into_iter()), reports: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::capture::Log;

    #[test]
    fn an_input_without_rows_holds_event_time_and_is_reported() {
        let log = Log::default();
        let _guard = tracing::subscriber::set_default(log.clone());
        let reports = (SourceParts::named([(1, "orders"), (2, "clicks")]), OperatorReports::new(&"window".into()));
        let mut inputs = InputTimes { parts: Parts::expecting([1, 2].into_iter()), reports: Some(reports) };
        inputs.arrive(1, 50, 9_999);
        assert_eq!(inputs.seal(Some(60), None), None);
        assert!(log.lines().is_empty());
        inputs.arrive(1, 55, 500);
        let lines = log.lines();
        assert!(lines.len() == 1 && lines[0].contains("event time waits for `clicks`, an input"), "{lines:?}");
        inputs.arrive(2, 40, 1);
        assert_eq!(inputs.seal(Some(60), None), Some(40));
        inputs.end(2);
        assert_eq!(inputs.seal(Some(60), None), Some(55));
        inputs.end(1);
        assert_eq!(inputs.seal(Some(60), None), Some(60));
    }
}
