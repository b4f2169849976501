//! What operators keep: state by key, the event time of a table, and the order of changes.

mod event_time;
mod in_order;
mod input_times;
mod jump_reports;
mod keyed_state;
mod ordered_changes;
mod parts;
mod row_event_time;
mod source_parts;
mod stamped;
mod time_map;
mod whole;

#[cfg(test)]
pub(super) use event_time::Observation;
pub(super) use event_time::{ClockInterval, Clocks, EventTimeTracker, Observed, observations};
pub(super) use in_order::InOrder;
pub(super) use input_times::{InputTimes, time_input};
pub(super) use jump_reports::JumpReports;
pub(super) use keyed_state::hash_of;
pub(crate) use keyed_state::{KeyedState, RoutedState, Slot};
pub(super) use ordered_changes::{OrderedChanges, identity_if_needed};
pub(super) use parts::{TimeParts, part_of};
#[cfg(test)]
pub(super) use row_event_time::tests::{row_step, stamped_step};
pub(super) use row_event_time::{RowEventTime, RowOperator, RowStep, RowTimes, by_row};
pub(super) use stamped::{Stamped, stamped};
pub(super) use time_map::TimeMap;
pub(crate) use whole::{Whole, WholeState};
