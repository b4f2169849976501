//! Payloads as bytes.

use bytes::Bytes;

use super::payload_row::payload_row;
use crate::data::{DecodeError, Message, OnePayload};

payload_row! {
    /// A row of `nats::read(..).raw()`: the payload as bytes.
    Raw, Bytes, "Bytes"
}

/// Decodes a payload as bytes.
///
/// # Errors
/// A column cannot be filled from the message's metadata.
pub(crate) fn decode<R: OnePayload<Bytes>>(message: &Message<'_>) -> Result<R, DecodeError> {
    R::from_payload(Bytes::copy_from_slice(message.payload), message)
}
