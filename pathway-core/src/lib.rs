//! The engine of `pathway`; use it through that crate.
//!
//! The rooms, in the order in which data flows: [`connector`] → [`mod@format`] → [`operators`] → [`mod@format`] → [`connector`],
//! with [`data`] below them, [`dataflow`] and [`plan`] underneath the operators, [`nats`] as a client of [`connector`], and
//! [`runtime`] above.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub use {bytes, jiff};

mod cluster;
pub mod connector;
#[cfg(feature = "console")]
pub mod console;
pub mod data;
pub mod dataflow;
pub mod format;
#[doc(hidden)]
pub mod macro_support;
#[cfg(feature = "monitor")]
mod monitor;
pub mod nats;
#[cfg(any(feature = "console", feature = "monitor"))]
mod observation;
pub mod operators;
pub mod persistence;
pub mod plan;
pub mod runtime;
pub mod telemetry;
pub mod testing;
