//! Rows become bytes: JSON with the change's `diff` and `time`.
//!
//! Each format is a folder with one function `encode` that appends a row to a buffer.
//! Nothing here can fail: what a column holds, the format can say.

pub mod json;
