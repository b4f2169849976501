//! Rows become other rows, one verb a file. Pure: no I/O, and nothing depends on the clock, on hash seeds
//! or on the number of workers.

mod concat;
mod distinct;
mod filter;
mod flatten;
mod group;
mod in_order;
mod join;
mod keyed;
mod reduce;
pub mod reducer;
mod select;
mod upsert;
pub mod window;

pub use group::Grouped;
pub use join::{AsofNowJoin, Join, Joining};
pub(crate) use upsert::upsert;
