//! JSON: documents become rows by their schema, and rows become JSON objects with the same bytes that Pathway writes.

pub mod decode;
pub mod encode;
mod format;

pub use format::JsonFormat;
