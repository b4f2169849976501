//! What operators keep: state by key, the event time of a table, and the ordered changes of a commit.

mod event_time;
mod jump_reports;
mod keyed_state;
mod ordered_changes;
mod row_event_time;

pub(super) use event_time::{ClockInterval, Clocks, EventTimeTracker, Observed, observations};
pub(super) use jump_reports::JumpReports;
pub(super) use keyed_state::{KeyedState, Slot, hash_of};
pub(super) use ordered_changes::OrderedChanges;
pub(super) use row_event_time::{RowEventTime, RowStep, Stamped, by_row, stamped};
