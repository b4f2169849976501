//! A piece of JSON text that knows where it stands in its message.

/// A JSON value as text, and its place in the payload that it came in.
///
/// Decoders take it so that every complaint can name the byte at which the trouble begins.
#[derive(Clone, Copy, Debug)]
pub struct JsonText<'a> {
    /// The text of the value, without white space around it.
    pub text: &'a str,
    /// Where `text` begins: bytes from the start of the payload.
    pub offset: usize,
}
