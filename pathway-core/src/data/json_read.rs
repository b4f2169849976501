//! Reads JSON text into a tree of values, with a limit on the depth.
//!
//! It does not use `serde_json::from_str::<Value>`. That function treats an object whose first key is one of serde_json's
//! private names as a value of another kind, and counts the depth from zero again inside it, so a payload could change its
//! meaning or overflow the stack.

use serde::de::{Error as _, IgnoredAny};
use serde_json::{Error, Map, Number, Value};

/// How many arrays and objects may be nested in one column.
///
/// With the document around them this is one less than the 128 at which serde_json stops, as in Pathway.
pub(crate) const DEPTH_LIMIT: usize = 126;

/// Reads one JSON document.
pub(crate) fn read(text: &str, depth_limit: usize) -> Result<Value, Error> {
    serde_json::from_str::<IgnoredAny>(text)?;
    read_checked(text, depth_limit)
}

/// Reads one JSON value whose syntax has been checked.
pub(crate) fn read_checked(text: &str, depth_limit: usize) -> Result<Value, Error> {
    let mut reader = Reader { text, at: 0 };
    reader.value(depth_limit)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Value, Error> {
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Value::String),
            Some(b'n') => self.word("null", Value::Null),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Error> {
        let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
        let mut members = Map::new();
        self.at += 1;
        while self.peek() == Some(b'"') {
            let key = self.string()?;
            self.skip(b':');
            // As for the columns of a row, the last of two members with the same key wins.
            members.insert(key, self.value(depth)?);
            self.skip(b',');
        }
        self.close(b'}', Value::Object(members))
    }

    fn array(&mut self, depth: usize) -> Result<Value, Error> {
        let depth = depth.checked_sub(1).ok_or_else(too_deep)?;
        let mut elements = Vec::new();
        self.at += 1;
        while !matches!(self.peek(), None | Some(b']')) {
            elements.push(self.value(depth)?);
            self.skip(b',');
        }
        self.close(b']', Value::Array(elements))
    }

    fn string(&mut self) -> Result<String, Error> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut end = start + 1;
        while let Some(byte) = bytes.get(end) {
            match byte {
                b'"' => break,
                b'\\' => end += 2,
                _ => end += 1,
            }
        }
        self.at = end + 1;
        let quoted = self.text.get(start..self.at).ok_or_else(broken)?;
        if quoted.contains('\\') { serde_json::from_str(quoted) } else { Ok(quoted[1..quoted.len() - 1].to_owned()) }
    }

    fn number(&mut self) -> Result<Value, Error> {
        let rest = &self.text[self.at..];
        let length = rest.find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E')).unwrap_or(rest.len());
        self.at += length;
        let number: Number = rest[..length].parse()?;
        // As in a column of floats, -0.0 is read as 0.0.
        let is_zero = number.is_f64() && number.as_f64() == Some(0.0);
        Ok(if is_zero { Value::from(0.0) } else { Value::Number(number) })
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Error> {
        if !self.text[self.at..].starts_with(word) {
            return Err(broken());
        }
        self.at += word.len();
        Ok(value)
    }

    fn close(&mut self, bracket: u8, value: Value) -> Result<Value, Error> {
        if self.peek() != Some(bracket) {
            return Err(broken());
        }
        self.at += 1;
        Ok(value)
    }

    fn skip(&mut self, punctuation: u8) {
        if self.peek() == Some(punctuation) {
            self.at += 1;
        }
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let blank = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).unwrap_or(rest.len());
        self.at += blank;
        rest.get(blank).copied()
    }
}

#[cold]
fn too_deep() -> Error {
    Error::custom("arrays and objects are nested too deep")
}

/// It cannot occur, because the syntax has been checked.
#[cold]
fn broken() -> Error {
    Error::custom("not JSON")
}
