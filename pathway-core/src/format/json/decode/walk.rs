//! Walks over the members of an object or the elements of an array, without copying them.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::error::Category;

use super::scan::Scanner;
use crate::data::{DecodeError, JsonText};

/// Calls `member` with the key and the value of each member of an object, in order.
///
/// For a key that occurs twice, `member` is called twice; callers let the last one win. Keys are unescaped.
/// For any other JSON value there is no call. The whole text is checked, including what the caller ignores.
///
/// # Errors
/// The text is not JSON, or something follows the value. `member` may have been called before that.
pub fn object<'a>(value: JsonText<'a>, member: &mut dyn FnMut(&str, JsonText<'a>)) -> Result<(), DecodeError> {
    if !value.text.starts_with('{') {
        return check(value);
    }
    members(value, member).ok_or_else(|| syntax_error(value))
}

/// Calls `element` with the index and the value of each element of an array, in order.
///
/// For any other JSON value there is no call.
///
/// # Errors
/// The text is not JSON, or something follows the value. `element` may have been called before that.
pub fn array<'a>(value: JsonText<'a>, element: &mut dyn FnMut(usize, JsonText<'a>)) -> Result<(), DecodeError> {
    if !value.text.starts_with('[') {
        return check(value);
    }
    elements(value, element).ok_or_else(|| syntax_error(value))
}

// The closures are `dyn`, so that all schemas share one copy of the machine code.

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

/// Checks the syntax of a value without walking over it.
fn check(value: JsonText<'_>) -> Result<(), DecodeError> {
    let mut reader = serde_json::Deserializer::from_str(value.text);
    // Skipping a value does not recurse, however deep it is nested.
    let checked = IgnoredAny::deserialize(&mut reader).and_then(|_| reader.end());
    checked.map_err(|error| with_offset(&error, value))
}

/// Why a document could not be walked to its end.
#[cold]
fn syntax_error(value: JsonText<'_>) -> DecodeError {
    match check(value) {
        Err(error) => error,
        // The check does not decode the keys.
        Ok(()) => DecodeError::payload("not JSON: unpaired surrogate in a key", value.offset),
    }
}

/// Converts serde_json's line and column into an offset.
#[cold]
fn with_offset(error: &serde_json::Error, value: JsonText<'_>) -> DecodeError {
    let message = error.to_string();
    let reason = message.rsplit_once(" at line ").map_or(message.as_str(), |(reason, _)| reason);
    let offset = if error.classify() == Category::Eof {
        value.text.len()
    } else {
        let before = error.line().saturating_sub(1);
        let line: usize = value.text.split_inclusive('\n').take(before).map(str::len).sum();
        // Columns count from 1; the column is 0 where the error is at the line break itself.
        (line + error.column()).saturating_sub(1).min(value.text.len())
    };
    DecodeError::payload(format!("not JSON: {reason}"), value.offset + offset)
}
