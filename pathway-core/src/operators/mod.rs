//! Operators: make tables of other tables, one verb for each file or folder.
//!
//! They are pure: no I/O, and no dependence on the system clock, on hash seeds or on the number of workers. Only `map_async` calls
//! user code that may wait.

mod concat;
mod deduplicate;
mod difference;
mod distinct;
mod filter;
mod flatten;
mod group;
mod join;
pub mod map_async;
mod neighbours;
mod reduce;
pub mod reducers;
mod scan;
mod select;
mod sorted_chunks;
mod state;
#[cfg(test)]
mod test_restarts;
#[cfg(test)]
mod test_rows;
mod timed;
mod to_stream;
mod top;
mod update_cells;
mod update_rows;
mod upsert;
pub mod window;

pub use deduplicate::Deduplicate;
pub use flatten::NewRows;
pub use group::Grouped;
pub use join::{AsofJoin, AsofNowJoin, Compared, Interval, IntervalJoin, Join, Joining, WithoutRank};
pub use scan::Timers;
pub(crate) use state::{KeyedState, Slot, Whole, WholeState};
pub use timed::{Timed, TimedGroups};
pub use update_cells::UpdateCells;
pub(crate) use upsert::upsert;
