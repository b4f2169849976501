//! Pipelines on a real nats-server with core NATS, through restarts, overload, bad data and bad settings.
//!
//! Tests wait for the expected state with a deadline. The one sleep, in `signals`, measures idle time.

mod bad_rows;
pub(crate) mod child;
mod commit_every;
mod config;
mod connect;
mod credentials;
mod flood;
mod formats;
mod group;
mod guide;
mod kill;
mod panics;
mod programs;
mod restart;
mod signals;
mod subjects;
pub(crate) mod support;
mod tls;
mod upsert;
