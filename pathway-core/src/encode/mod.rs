//! Rows become bytes: JSON with the change's `diff` and `time`.
//!
//! Each format is a folder with one function `encode` that appends a row to a buffer.
//! Nothing here can fail: what a column holds, the format can say.

pub mod dsv;
mod encoder;
pub mod json;
pub(crate) mod text;

pub use dsv::Dsv;
pub use encoder::{Encode, Stamp};
