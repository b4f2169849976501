//! Bytes become rows: JSON by schema, text, bytes; what can't be read becomes a [`Reject`](crate::data::Reject).
//!
//! Each format is a function from a message to a row or the reason why not; other formats are a [`Decode`].
//! Nothing here panics, and nothing recurses deeper than the schema is nested, whatever the payload says.

mod decoder;
pub mod json;
pub(crate) mod payload;

pub use decoder::Decode;
pub use payload::{Plaintext, Raw};
