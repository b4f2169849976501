//! Formats: messages become rows, and rows become messages. JSON, text, raw bytes and delimiter-separated values.
//!
//! [`Decode`] and [`Encode`] are the traits for formats of your own.
//! Nothing here panics, and nothing recurses deeper than the schema is nested, whatever a payload contains.

mod decode;
mod decoded_rows;
pub mod dsv;
mod encode;
pub mod json;
mod payload_row;
pub(crate) mod raw;
pub(crate) mod text;
pub(crate) mod unix_time;
pub mod values;

pub use decode::Decode;
pub use decoded_rows::DecodedRows;
pub(crate) use decoded_rows::RejectedPart;
pub use dsv::Dsv;
pub use encode::{ChangeInfo, Encode, Removals};
pub use raw::Raw;
pub use text::Plaintext;
