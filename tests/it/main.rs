//! The crate as its users see it: whole pipelines, in memory.

mod macros;
mod smoke;
