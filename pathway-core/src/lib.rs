//! The engine of `pathway`.
