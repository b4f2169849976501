//! Rows become other rows, one verb a file. Pure: no I/O, and nothing depends on the clock, on hash seeds
//! or on the number of workers.

mod answers;
mod concat;
mod deduplicate;
mod difference;
mod distinct;
mod event_time;
mod filter;
mod flatten;
mod group;
mod in_order;
mod join;
mod keyed;
mod reduce;
pub mod reducer;
mod select;
#[cfg(test)]
mod support;
mod timed;
mod to_stream;
mod update_cells;
mod update_rows;
mod upsert;
pub mod window;

pub(crate) use answers::{Answer, Answers};
pub use deduplicate::Deduplicate;
pub use group::Grouped;
pub use join::{AsofJoin, AsofNowJoin, Interval, IntervalJoin, Join, Joining};
pub(crate) use keyed::hash_of as route_of;
pub use timed::{Timed, TimedGroups};
pub use update_cells::UpdateCells;
pub(crate) use upsert::upsert;
