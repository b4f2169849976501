//! Bytes become rows: JSON by schema; what can't be read becomes a [`Reject`](crate::data::Reject).
//!
//! Each format is a folder with one function `decode`, from a payload to a row or the reason why not.
//! Nothing here panics, and nothing recurses deeper than the schema is nested, whatever the payload says.

pub mod json;
