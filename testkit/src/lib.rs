//! A real nats-server for examples, tests and benches.
//!
//! ```
//! let server = pathway_testkit::Server::start()?;
//! println!("clients connect to {}", server.url());
//! # Ok::<(), pathway_testkit::Error>(())
//! ```
//!
//! Each [`Server`] is private: it has its own port on 127.0.0.1 and its own JetStream folder in the system's temporary folder.
//! Dropping the value stops the server and removes the folder. Both also happen when this process ends in any other way
//! (`SIGKILL`, `abort`, a server in a `static`), because a small shell process watches for that.
//!
//! The server program is the first of these that exists:
//!
//! 1. the path in the environment variable `NATS_SERVER`,
//! 2. `nats-server` on `PATH`, version 2.10 or later,
//! 3. version 2.15.1 under `nats-server/` in cargo's target directory,
//! 4. the same version, downloaded there once with Python's pip and checked against a hash that is pinned in this crate.
//!
//! The crate also creates what servers with TLS or users are configured with: certificates by an [`Authority`], keys by
//! [`Nkey`], credentials by an [`Operator`]. [`wait_for`] waits for a condition in a test.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod authority;
mod binary;
mod builder;
mod error;
mod folder;
mod operator;
mod paused;
mod process;
mod ready;
mod server;
mod wait;
mod watchdog;

pub use authority::{Authority, Signed};
pub use builder::Builder;
pub use error::Error;
pub use operator::{Nkey, Operator};
pub use server::Server;
pub use wait::{DEADLINE, wait_for};
