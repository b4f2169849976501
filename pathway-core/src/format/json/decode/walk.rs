//! Walks over the members of an object and the elements of an array, without copying them.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::error::Category;

use super::scan::Scanner;
use crate::data::{DecodeError, JsonText};

/// Calls `member` with the key and the value of each member of an object, in order.
///
/// A key that is there twice is reported twice: the caller lets the last one win. Keys come unescaped.
/// For any other JSON value there is no call. The whole text is checked, also what the caller does not use.
///
/// # Errors
/// The text is not JSON, or something follows the value.
/// Some members may have been reported by then.
///
/// ```
/// use pathway_core::data::JsonText;
/// use pathway_core::format::json::decode::object;
///
/// let mut seen = Vec::new();
/// object(JsonText { text: r#"{"a": 1, "b": [2, 3]}"#, offset: 0 }, &mut |key, value| {
///     seen.push(format!("{key} = {} at {}", value.text, value.offset));
/// })?;
/// assert_eq!(seen, ["a = 1 at 6", "b = [2, 3] at 14"]);
/// # Ok::<(), pathway_core::data::DecodeError>(())
/// ```
pub fn object<'a>(value: JsonText<'a>, member: &mut dyn FnMut(&str, JsonText<'a>)) -> Result<(), DecodeError> {
    if !value.text.starts_with('{') {
        return check(value);
    }
    members(value, member).ok_or_else(|| complaint(value))
}

/// Calls `element` with the position and the text of each element of an array, in order.
///
/// For any other JSON value there is no call.
///
/// # Errors
/// The text is not JSON, or something follows the value.
/// Some elements may have been reported by then.
pub fn array<'a>(value: JsonText<'a>, element: &mut dyn FnMut(usize, JsonText<'a>)) -> Result<(), DecodeError> {
    if !value.text.starts_with('[') {
        return check(value);
    }
    elements(value, element).ok_or_else(|| complaint(value))
}

// The closures come as `dyn`, so that all schemas share one copy of the machine code.

fn members<'a>(value: JsonText<'a>, member: &mut dyn FnMut(&str, JsonText<'a>)) -> Option<()> {
    let mut scanner = Scanner::new(value);
    scanner.take(b'{')?;
    if scanner.peek() != Some(b'}') {
        loop {
            let key = scanner.key()?;
            scanner.take(b':')?;
            member(&key, scanner.value()?);
            if scanner.take(b',').is_none() {
                break;
            }
        }
    }
    scanner.take(b'}')?;
    scanner.end()
}

fn elements<'a>(value: JsonText<'a>, element: &mut dyn FnMut(usize, JsonText<'a>)) -> Option<()> {
    let mut scanner = Scanner::new(value);
    scanner.take(b'[')?;
    if scanner.peek() != Some(b']') {
        for index in 0.. {
            element(index, scanner.value()?);
            if scanner.take(b',').is_none() {
                break;
            }
        }
    }
    scanner.take(b']')?;
    scanner.end()
}

/// Checks the syntax of a value that is not walked.
fn check(value: JsonText<'_>) -> Result<(), DecodeError> {
    let mut reader = serde_json::Deserializer::from_str(value.text);
    // Stepping over a value does not recurse, however deep it nests.
    let checked = IgnoredAny::deserialize(&mut reader).and_then(|_| reader.end());
    checked.map_err(|error| syntax(&error, value))
}

/// What is wrong with a document that could not be walked to its end.
#[cold]
fn complaint(value: JsonText<'_>) -> DecodeError {
    match check(value) {
        Err(reject) => reject,
        // Only what the keys say is not looked at by the check.
        Ok(()) => DecodeError::payload("not JSON: unpaired surrogate in a key", value.offset),
    }
}

/// Turns serde_json's line and column into an offset.
#[cold]
fn syntax(error: &serde_json::Error, value: JsonText<'_>) -> DecodeError {
    let message = error.to_string();
    let reason = message.rsplit_once(" at line ").map_or(message.as_str(), |(reason, _)| reason);
    let offset = if error.classify() == Category::Eof {
        value.text.len()
    } else {
        let before = error.line().saturating_sub(1);
        let line: usize = value.text.split_inclusive('\n').take(before).map(str::len).sum();
        // The column counts from 1; it is 0 where the line break itself is to blame.
        (line + error.column()).saturating_sub(1).min(value.text.len())
    };
    DecodeError::payload(format!("not JSON: {reason}"), value.offset + offset)
}
