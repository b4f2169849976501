//! Messages and rows: JSON, delimiter-separated values, text and raw bytes. Decoding stands beside encoding.
//!
//! [`Decode`] and [`Encode`] are the traits of formats of your own; ours stand on the same functions.
//! Nothing here panics, and nothing recurses deeper than the schema is nested, whatever the payload says.

mod decode;
pub mod dsv;
mod encode;
pub mod json;
pub(crate) mod payload;
pub(crate) mod text;

pub use decode::Decode;
pub use dsv::Dsv;
pub use encode::{ChangeInfo, Encode};
pub use payload::{Plaintext, Raw};
