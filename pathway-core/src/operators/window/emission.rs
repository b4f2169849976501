//! What window operators have in common: how they learn event time, and the order in which they emit closed windows.

use crate::data::{Change, Schema, sort_by};
use crate::dataflow::{StatePart, Stateful, StatefulOperator};
use crate::operators::state::{ClockInterval, EventTimeTracker, InputTimes, JumpReports, Observed, RowEventTime};

/// An operator that reduces windows. `D` are the items that it receives.
pub(super) trait WindowOperator<D, O>: Stateful {
    /// Takes some items of the open commit, in the order of their arrival.
    fn receive(&mut self, items: &mut Vec<D>);

    /// The commit is complete: emits its changes. The number is the time at which a window has closed, if its row is emitted
    /// because of that.
    fn commit(&mut self, emit: &mut impl FnMut(i128, Change<O>));
}

/// Event time, as a window operator sees it.
pub(super) enum WindowTime {
    /// The table is in the order of arrival: each row moves event time.
    ByRow(RowEventTime),
    /// The same, but it is decided where the rows arrive, before they are exchanged.
    Told(RowEventTime),
    /// Rows are gathered by key until the end of a commit: each commit moves event time.
    ByCommit(EventTimeTracker),
}

impl WindowTime {
    /// `is_told` says that it is decided before rows are exchanged.
    pub(super) fn new(by_row: bool, is_told: bool, clock: Option<&ClockInterval>, inputs: Option<InputTimes>) -> Self {
        match (by_row, is_told) {
            (true, false) => WindowTime::ByRow(RowEventTime::default()),
            (true, true) => WindowTime::Told(RowEventTime::default()),
            (false, _) => WindowTime::ByCommit(EventTimeTracker::new(clock, inputs)),
        }
    }

    /// Whether each row moves it.
    pub(super) fn is_by_row(&self) -> bool {
        !matches!(self, WindowTime::ByCommit(_))
    }

    /// A change of a row of this time arrives at the only worker. Returns event time before it.
    pub(super) fn arrive<R: Schema>(
        &mut self,
        time: i128,
        change: &Change<R>,
        jumps: &mut JumpReports,
    ) -> Option<i128> {
        match self {
            WindowTime::ByRow(event_time) | WindowTime::Told(event_time) => {
                let before = event_time.arrive(time, change.diff);
                jumps.arrived(&change.row, change.diff, event_time, before, time);
                before
            }
            WindowTime::ByCommit(event_time) => {
                if change.diff > 0 {
                    event_time.observe_row(time);
                }
                event_time.now()
            }
        }
    }

    /// Event time at the beginning of the commit, or after the rows that have arrived.
    pub(super) fn now(&self) -> Option<i128> {
        match self {
            WindowTime::ByRow(event_time) | WindowTime::Told(event_time) => event_time.now(),
            WindowTime::ByCommit(event_time) => event_time.now(),
        }
    }

    /// The first worker says that event time is at least this.
    pub(super) fn advance_to(&mut self, time: Option<i128>) {
        if let WindowTime::Told(event_time) = self {
            event_time.advance_to(time);
        }
    }

    /// A worker says which times its rows of the open commit have.
    pub(super) fn observe(&mut self, observed: Observed) {
        if let WindowTime::ByCommit(event_time) = self {
            event_time.observe(observed);
        }
    }

    /// Seals the commit, and returns event time at its end.
    pub(super) fn seal(&mut self) -> Option<i128> {
        match self {
            WindowTime::ByRow(event_time) | WindowTime::Told(event_time) => event_time.now(),
            WindowTime::ByCommit(event_time) => event_time.seal(),
        }
    }

    /// What checkpoints save.
    pub(super) fn states(&mut self) -> Vec<StatePart<'_>> {
        match self {
            WindowTime::ByRow(event_time) => event_time.states(),
            WindowTime::Told(event_time) => vec![event_time.told()],
            WindowTime::ByCommit(event_time) => event_time.states(),
        }
    }

    /// The state was loaded.
    pub(super) fn loaded(&mut self) {
        match self {
            WindowTime::ByRow(event_time) | WindowTime::Told(event_time) => event_time.loaded(),
            WindowTime::ByCommit(event_time) => event_time.loaded(),
        }
    }
}

/// Emits the changes of a window operator.
pub(super) struct Plain<P>(pub(super) P);

impl<P: Stateful> Stateful for Plain<P> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        self.0.states()
    }

    fn loaded(&mut self) {
        self.0.loaded();
    }
}

impl<D, O, P: WindowOperator<D, O>> StatefulOperator<D, Change<O>> for Plain<P> {
    fn apply(&mut self, items: &mut Vec<D>) {
        self.0.receive(items);
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        self.0.commit(&mut |_, change| emit(change));
    }
}

/// Emits the changes of a window operator on one of several workers, each with the time at which its window has closed.
pub(super) struct WithClosingTime<P>(pub(super) P);

impl<P: Stateful> Stateful for WithClosingTime<P> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        self.0.states()
    }

    fn loaded(&mut self) {
        self.0.loaded();
    }
}

impl<D, O, P: WindowOperator<D, O>> StatefulOperator<D, (i128, Change<O>)> for WithClosingTime<P> {
    fn apply(&mut self, items: &mut Vec<D>) {
        self.0.receive(items);
    }

    fn seal(&mut self, emit: &mut dyn FnMut((i128, Change<O>))) {
        self.0.commit(&mut |closed, change| emit((closed, change)));
    }
}

/// Brings the closed windows of all workers into one order.
pub(super) struct InClosingOrder<O>(pub(super) Vec<(i128, O)>);

/// It keeps nothing.
impl<O: 'static> Stateful for InClosingOrder<O> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        Vec::new()
    }
}

impl<O: Schema> StatefulOperator<(i128, Change<O>), Change<O>> for InClosingOrder<O> {
    fn apply(&mut self, items: &mut Vec<(i128, Change<O>)>) {
        self.0.extend(items.drain(..).map(|(closed, change)| (closed, change.row)));
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        emit_all_closed(std::mem::take(&mut self.0), |_, change| emit(change));
    }
}

/// Emits the rows of closed windows in the order in which the windows have closed.
pub(super) fn emit_all_closed<O: Schema>(mut closed: Vec<(i128, O)>, mut emit: impl FnMut(i128, Change<O>)) {
    // By time alone, because most rows are in that order already.
    sort_by(&mut closed, |(a, _), (b, _)| a.cmp(b));
    let mut rows = Vec::new();
    let mut closed = closed.into_iter().peekable();
    while let Some((time, row)) = closed.next() {
        rows.push(row);
        if closed.peek().is_none_or(|(next, _)| *next != time) {
            emit_closed(time, &mut rows, &mut emit);
        }
    }
}

/// Emits the rows of the windows that have closed at one time, and leaves the vector empty. Windows that close at the same time
/// always do so in one commit; their rows are in the order of their columns.
pub(super) fn emit_closed<O: Schema>(time: i128, rows: &mut Vec<O>, emit: &mut impl FnMut(i128, Change<O>)) {
    sort_by(rows, O::compare);
    rows.drain(..).for_each(|row| emit(time, Change::insert(row)));
}
