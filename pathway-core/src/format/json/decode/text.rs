//! Decodes text and bytes from JSON strings.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::scalar::mismatch;
use crate::data::{DecodeJson, JsonText, Mismatch};

impl DecodeJson for String {
    fn expected() -> Cow<'static, str> {
        "a string (String)".into()
    }

    #[inline]
    fn decode_json(value: JsonText<'_>) -> Result<Self, Mismatch> {
        match unquote(value) {
            Some(text) => Ok(text.into_owned()),
            None if value.text.starts_with('"') => {
                Err(Mismatch::new("a string without unpaired surrogates (String)", value.text, value.offset))
            }
            None => Err(mismatch::<Self>(value)),
        }
    }
}

/// A string of standard base64, with its padding.
impl DecodeJson for Bytes {
    fn expected() -> Cow<'static, str> {
        "a string of standard, padded base64 (Bytes)".into()
    }

    fn decode_json(value: JsonText<'_>) -> Result<Self, Mismatch> {
        unquote(value)
            .and_then(|text| STANDARD.decode(text.as_bytes()).ok())
            .map(Bytes::from)
            .ok_or_else(|| mismatch::<Self>(value))
    }
}

/// The content of a JSON string: a part of the payload, or a copy if it has escapes.
///
/// `None` if the value is not a string, or has an unpaired surrogate, which UTF-8 cannot represent.
#[inline]
pub(super) fn unquote(value: JsonText<'_>) -> Option<Cow<'_, str>> {
    let inner = value.text.strip_prefix('"')?.strip_suffix('"')?;
    if inner.as_bytes().contains(&b'\\') {
        return serde_json::from_str(value.text).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(inner))
}
