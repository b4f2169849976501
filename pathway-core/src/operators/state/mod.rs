//! What operators keep: state by key, the event time of a table, and the ordered changes of a commit.

mod event_time;
mod keyed_state;
mod ordered_changes;
mod row_event_time;

pub(super) use event_time::{EventTimeTracker, IdleClock, Observed, observations};
pub(super) use keyed_state::{KeyedState, Slot, hash_of};
pub(super) use ordered_changes::OrderedChanges;
pub(super) use row_event_time::{Arrival, RowEventTime, Stamped, arrivals, stamped};
