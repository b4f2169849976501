//! What arrives in the open commit, for the commit log and for a recording.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use super::Control;
use crate::data::SequenceRuns;
use crate::persistence::{Arrival, Entry, Recorder};

/// What has arrived in the open commit. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct ArrivalLog(Rc<State>);

#[derive(Debug, Default)]
struct State {
    /// Whether the pipeline persists.
    persists: bool,
    recorder: Option<Arc<Recorder>>,
    arrivals: RefCell<Vec<Arrival>>,
    /// Commits are computed again: what arrives is in the log already.
    is_replaying: Cell<bool>,
    /// The open commit was confirmed in an earlier run.
    is_confirmed: Cell<bool>,
    is_catching_up: Cell<bool>,
}

impl ArrivalLog {
    /// `None` if the pipeline neither persists nor is recorded.
    pub(crate) fn of(control: &Control) -> Option<Self> {
        let (persists, recorder) = (control.persistent().is_some(), control.recorder().cloned());
        (persists || recorder.is_some()).then(|| ArrivalLog(Rc::new(State { persists, recorder, ..State::default() })))
    }

    pub(crate) fn add(&self, arrival: Arrival) {
        if let Some(recorder) = &self.0.recorder {
            match &arrival {
                Arrival::Preloaded => recorder.add(&Entry::Preloaded),
                Arrival::Ended(sources) => recorder.add(&Entry::Ended(sources.clone())),
                Arrival::CatchingUp(is_catching_up) => recorder.add(&Entry::CatchingUp(*is_catching_up)),
                Arrival::SnapshotEnd(source) => recorder.add(&Entry::Snapshot(*source)),
                // The recording has the messages themselves.
                Arrival::Messages { .. } | Arrival::Sequences { .. } | Arrival::Logged { .. } => {}
            }
        }
        if !self.0.persists || self.0.is_replaying.get() {
            return;
        }
        let mut arrivals = self.0.arrivals.borrow_mut();
        if let Arrival::Messages { source, count, last, stored } = &arrival
            && let Some(Arrival::Messages { source: before, count: sum, last: end, stored: at }) = arrivals.last_mut()
            && before == source
        {
            (*sum, *end, *at) = (*sum + count, *last, *stored);
            return;
        }
        if let Arrival::Sequences { source, sequences } = &arrival
            && let Some(Arrival::Sequences { source: before, sequences: all }) = arrivals.last_mut()
            && before == source
        {
            return all.append(sequences);
        }
        arrivals.push(arrival);
    }

    /// Whether messages that servers had stored are still to be processed.
    pub(crate) fn set_catching_up(&self, is_catching_up: bool) {
        if self.0.is_catching_up.replace(is_catching_up) != is_catching_up {
            self.add(Arrival::CatchingUp(is_catching_up));
        }
    }

    /// What has arrived since the last call.
    pub(crate) fn take(&self) -> Vec<Arrival> {
        self.0.arrivals.take()
    }

    pub(crate) fn set_replaying(&self, is_replaying: bool) {
        self.0.is_replaying.set(is_replaying);
    }

    /// Whether the open commit was confirmed in an earlier run, so that what was written for it is not to be written again.
    pub(crate) fn set_confirmed(&self, is_confirmed: bool) {
        self.0.is_confirmed.set(is_confirmed);
    }
}

/// What arrives from one source.
#[derive(Clone, Debug)]
pub(crate) struct SourceArrivals {
    log: ArrivalLog,
    source: u32,
}

impl SourceArrivals {
    pub(crate) fn new(log: ArrivalLog, source: u32) -> Self {
        SourceArrivals { log, source }
    }

    /// Messages have arrived, the last of them with this sequence. `stored` says when that one was stored, in unix nanoseconds; 0 if
    /// it is not known.
    pub(crate) fn add(&self, count: u64, last: u64, stored: i64) {
        self.log.add(Arrival::Messages { source: self.source, count, last, stored });
    }

    /// Messages with these sequences have arrived, which the source acknowledges.
    pub(crate) fn add_sequences(&self, sequences: SequenceRuns) {
        self.log.add(Arrival::Sequences { source: self.source, sequences });
    }

    /// Messages or rows have arrived that cannot be read again. `position` is the one behind them, if the source has set it.
    pub(crate) fn log(&self, values: Vec<u8>, position: Vec<u8>) {
        self.log.add(Arrival::Logged { source: self.source, values, position });
    }

    /// Messages or rows have arrived, for a recording. `encode` encodes them, if there is one.
    pub(crate) fn record(&self, count: usize, encode: impl FnOnce() -> Result<Vec<u8>, String>) {
        if let Some(recorder) = self.log.0.recorder.as_ref().filter(|_| count > 0) {
            recorder.add_values(self.source, count as u64, encode);
        }
    }

    /// The first contents of the source are complete.
    pub(crate) fn end_snapshot(&self) {
        self.log.add(Arrival::SnapshotEnd(self.source));
    }

    /// Whether the open commit was confirmed in an earlier run.
    pub(crate) fn is_confirmed(&self) -> bool {
        self.log.0.is_confirmed.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_one_source_in_a_row_are_one_arrival() {
        let log = ArrivalLog(Rc::new(State { persists: true, ..State::default() }));
        let [a, b] = [0, 1].map(|source| SourceArrivals::new(log.clone(), source));
        a.add(2, 7, 70);
        a.add(1, 9, 90);
        b.add(4, 4, 0);
        a.add(1, 10, 100);
        log.set_replaying(true);
        a.add(5, 15, 150);
        let messages = |source, count, last, stored| Arrival::Messages { source, count, last, stored };
        assert_eq!(log.take(), [messages(0, 3, 9, 90), messages(1, 4, 4, 0), messages(0, 1, 10, 100)]);
        assert_eq!(log.take(), []);
    }

    #[test]
    fn sequences_of_one_source_in_a_row_are_one_arrival() {
        let log = ArrivalLog(Rc::new(State { persists: true, ..State::default() }));
        let [a, b] = [0, 1].map(|source| SourceArrivals::new(log.clone(), source));
        let runs = |all: &[u64]| {
            let mut runs = SequenceRuns::default();
            all.iter().for_each(|sequence| runs.push(*sequence));
            runs
        };
        a.add_sequences(runs(&[1, 2]));
        a.add_sequences(runs(&[3, 9]));
        b.add_sequences(runs(&[1]));
        a.add_sequences(runs(&[10]));
        let sequences = |source, all: &[u64]| Arrival::Sequences { source, sequences: runs(all) };
        assert_eq!(log.take(), [sequences(0, &[1, 2, 3, 9]), sequences(1, &[1]), sequences(0, &[10])]);
    }
}
