//! JSON text with its position in the payload.

/// A JSON value as text, and its position in the payload.
///
/// Decoders take it so that every error can name the byte at which it occurs.
#[derive(Clone, Copy, Debug)]
pub struct JsonText<'a> {
    /// The text of the value, without white space around it.
    pub text: &'a str,
    /// Where `text` begins: bytes from the start of the payload.
    pub offset: usize,
}
