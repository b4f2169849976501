//! The operators compared with differential-dataflow, which defines their meaning.
//!
//! Random histories (insertions, removals, upserts, several copies, rows that exist only within a commit, removals
//! before their insertion, empty commits) run through a pipeline with 1, 2 and 4 workers, also with 2 that encode what they
//! exchange, as between processes, and through the same operators in differential. Every case checks that
//!
//! - the changes of every commit are those of differential: net, none of them zero, at most one removal and one
//!   insertion a group;
//! - within a commit, removals come before insertions;
//! - the changes and their order are the same for any number of workers;
//! - two handles on one table, and two equal tables of one table, have the same changes;
//! - after everything is removed, the last changes are removals only, and no row is left.
//!
//! Floats are compared by their bits. The oracles are exact: prices are multiples of 1/16, counted in integers.
//! Floats of any magnitude are in `floats`, which needs no oracle.
//!
//! A failure prints its seed: `PATHWAY_TEST_SEED=7 cargo test --test it oracle::` runs that history alone.

mod arrivals;
mod calendar;
mod calls;
mod chain;
mod check;
mod conditions;
mod deduplicate;
mod difference;
mod differential;
mod event_time;
mod filter;
mod floats;
mod history;
mod invariance;
mod join;
mod join_conditions;
mod join_ranges;
mod join_tables;
mod joined_times;
mod near;
mod neighbours;
mod orders;
mod policies;
mod recompute;
mod reduce;
mod reducers;
mod rows;
mod scan;
mod select;
mod sessions;
mod stream;
mod top;
mod updates;
mod upsert;
mod windows;
