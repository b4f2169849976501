//! The integration tests, as one binary: the crate as its users see it.

mod delivery;
mod formats;
mod macros;
mod oracle;
mod panics;
mod schema;
mod vectors;
