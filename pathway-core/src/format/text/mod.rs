//! Plain text: payloads, and columns as the text of a header or a delimited field.

mod decode;
mod encode;

use super::payload_row::payload_row;

pub(crate) use decode::decode;
pub(crate) use encode::header;

payload_row! {
    /// A row of `nats::read(..).plaintext()`: the payload as text.
    Plaintext, String, "String"
}
