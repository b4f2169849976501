//! The engine of `pathway`; use it through that crate.
//!
//! The rooms, in the order in which data flows: [`source`] → [`decode`] → [`table`] → [`encode`] → [`sink`],
//! with [`data`] (the nouns) below them, [`nats`] (one connection) beside the two ends, and [`run`] above.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub use {bytes, jiff};

pub mod calls;
pub mod data;
pub mod decode;
pub mod encode;
pub mod ends;
#[doc(hidden)]
pub mod expansion;
pub mod flow;
pub mod io;
pub mod nats;
pub mod plan;
pub mod run;
pub mod sink;
pub mod source;
pub mod table;
pub mod testing;
