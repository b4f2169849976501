//! The macros of the `pathway` crate.
