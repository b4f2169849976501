//! The operators against differential-dataflow, which defines what they mean.
//!
//! Random histories (inserts, removals, upserts, several copies, rows that come and go within a commit, removals
//! that stand before their insertion, empty commits) run through a pipeline with 1, 2 and 4 workers, and through
//! the same shape in differential. Every case checks that
//!
//! - at every commit the changes are those of differential: net, none of them zero, at most one that goes and one
//!   that comes for each group;
//! - within a commit what goes stands before what comes;
//! - the changes and their order are the same for any number of workers;
//! - two handles on one table, and two tables made alike of one table, see the same;
//! - when everything was retracted, the last changes are retractions only, and no row is left.
//!
//! Floats are compared by their bits. The references are exact: prices are multiples of 1/16, counted in integers.
//! Floats of any magnitude are in `floats`, which needs no reference.
//!
//! A failure names its seed: `PATHWAY_TEST_SEED=7 cargo test --test it oracle` runs that history alone.

mod arrivals;
mod calls;
mod chain;
mod check;
mod deduplicate;
mod difference;
mod differential;
mod event_time;
mod filter;
mod floats;
mod join;
mod near;
mod orders;
mod policies;
mod random;
mod recompute;
mod reduce;
mod reducers;
mod rows;
mod select;
mod sessions;
mod stream;
mod updates;
mod upsert;
mod windows;
