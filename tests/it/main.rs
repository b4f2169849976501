//! The integration tests, as one binary: the crate as its users see it.

mod broker;
mod clock;
mod delivery;
mod facade;
mod formats;
mod jetstream;
mod macros;
mod oracle;
mod panics;
mod schema;
mod user_code;
mod vectors;
