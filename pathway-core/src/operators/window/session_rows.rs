//! The rows that sessions emit: of a session that changes or closes, and the difference of two sets of rows.

use super::spec::WindowSpec;
use super::time::EventTime;
use super::timeline::{Session, Timeline, row_of};
use super::windows::EmitMode;
use crate::data::{Change, Datum, Schema, sort_by};
use crate::operators::reducers::Reducer;
use crate::telemetry::OperatorReports;

/// A session that is closed.
pub(super) struct ClosedSession<O> {
    pub(super) row: Option<O>,
    /// The open commit has changed it.
    pub(super) is_changed: bool,
}

/// Closes the first session of a key, and forgets its rows.
pub(super) fn close_first<R, T: EventTime, K, A: Datum, G: Reducer<A>, O: Schema>(
    spec: &WindowSpec<R, T, K, A, G, O>,
    key: &K,
    timeline: &mut Timeline<A, G::State, O>,
    reports: &mut OperatorReports,
) -> Option<ClosedSession<O>> {
    let start = timeline.sessions.first()?.0;
    let mut session = timeline.sessions.remove(start)?;
    if session.is_changed {
        if G::ORDERED {
            session.state = spec.state_of(timeline.rows.range(start..=session.end));
        }
        spec.reducers.finish_commit(&mut session.state);
    }
    while let Some((time, _)) = timeline.rows.first().filter(|(time, _)| *time <= session.end) {
        timeline.rows.remove(time);
    }
    let row = match spec.policy.emit {
        EmitMode::Always if !session.is_changed => None,
        _ => row_or_report(spec, key, start, &session, reports),
    };
    Some(ClosedSession { row, is_changed: session.is_changed })
}

/// The row of a session; none, and a report, if its reducers have no value.
pub(super) fn row_or_report<R, T: EventTime, K, A, G: Reducer<A>, O>(
    spec: &WindowSpec<R, T, K, A, G, O>,
    key: &K,
    start: i128,
    session: &Session<G::State>,
    reports: &mut OperatorReports,
) -> Option<O> {
    row_of(spec, key, start, session).unwrap_or_else(|error| {
        reports.error(format_args!("a session has no row at present: {error}"));
        None
    })
}

/// Emits the removed and the inserted rows, without those that are in both.
pub(super) fn emit_net<O: Schema>(mut removed: Vec<O>, mut inserted: Vec<O>, emit: &mut dyn FnMut(Change<O>)) {
    sort_by(&mut removed, O::compare);
    sort_by(&mut inserted, O::compare);
    let mut inserted = inserted.into_iter().peekable();
    for old in removed {
        while let Some(new) = inserted.next_if(|new| new.compare(&old).is_lt()) {
            emit(Change::insert(new));
        }
        if inserted.next_if(|new| new.compare(&old).is_eq()).is_none() {
            emit(Change::remove(old));
        }
    }
    inserted.map(Change::insert).for_each(emit);
}
