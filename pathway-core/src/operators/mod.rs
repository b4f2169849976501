//! Rows become other rows, one verb a file. Pure: no I/O, and nothing depends on the clock, on hash seeds
//! or on the number of workers.

mod concat;
mod deduplicate;
mod difference;
mod distinct;
mod filter;
mod flatten;
mod group;
mod join;
pub mod map_async;
mod reduce;
pub mod reducers;
mod select;
mod state;
#[cfg(test)]
mod support;
mod timed;
mod to_stream;
mod update_cells;
mod update_rows;
mod upsert;
pub mod window;

pub use deduplicate::Deduplicate;
pub use group::Grouped;
pub use join::{AsofJoin, AsofNowJoin, Interval, IntervalJoin, Join, Joining};
pub(crate) use state::keyed::hash_of as route_of;
pub use timed::{Timed, TimedGroups};
pub use update_cells::UpdateCells;
pub(crate) use upsert::upsert;
