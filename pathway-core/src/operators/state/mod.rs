//! What operators keep: state by key, the event time of a table, and the order of changes.

mod event_time;
mod in_order;
mod jump_reports;
mod keyed_state;
mod ordered_changes;
mod parts;
mod row_event_time;
mod source_parts;

pub(super) use event_time::{ClockInterval, Clocks, EventTimeTracker, Observed, observations};
pub(super) use in_order::InOrder;
pub(super) use jump_reports::JumpReports;
pub(super) use keyed_state::{KeyedState, Slot, hash_of};
pub(super) use ordered_changes::OrderedChanges;
pub(super) use parts::{TimeParts, part_of};
pub(super) use row_event_time::{RowEventTime, RowStep, RowTimes, Stamped, by_row, stamped};
