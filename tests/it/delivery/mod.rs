//! Whole pipelines on a real nats-server: what comes in leaves, whatever happens on the way.
//!
//! Nothing here sleeps: each test waits for what it expects, up to a deadline.

mod bad_rows;
mod child;
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
mod support;
mod tls;
mod upsert;
