//! Finds where the parts of a document begin and end.
//!
//! It scans what most messages consist of: numbers, literals, and short strings without escapes. serde_json skips
//! everything else, and reports what is wrong with an invalid document. A small message takes about a sixth fewer
//! instructions than with serde_json alone.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::data::JsonText;

/// Longer strings, in bytes, are scanned faster by serde_json.
const SHORT: usize = 48;

/// A position in a document. The methods return `None` where the document is not JSON.
pub(super) struct Scanner<'a> {
    whole: JsonText<'a>,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(whole: JsonText<'a>) -> Self {
        Scanner { whole, at: 0 }
    }

    /// Skips white space; returns the next byte without skipping it.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.byte() {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                other => return other,
            }
        }
    }

    /// Skips white space and a byte of punctuation, if it is the next byte.
    #[inline]
    pub(super) fn take(&mut self, punctuation: u8) -> Option<()> {
        if self.peek() != Some(punctuation) {
            return None;
        }
        self.at += 1;
        Some(())
    }

    /// Checks that only white space is left.
    pub(super) fn end(&mut self) -> Option<()> {
        self.peek().is_none().then_some(())
    }

    /// Skips a string and returns its content, copied only if it has escapes.
    #[inline]
    pub(super) fn key(&mut self) -> Option<Cow<'a, str>> {
        if self.peek() != Some(b'"') {
            return None;
        }
        let start = self.at;
        if let Some(length) = self.plain_string() {
            self.at += length + 2;
            return self.whole.text.get(start + 1..=start + length).map(Cow::Borrowed);
        }
        self.anything()?;
        serde_json::from_str(self.whole.text.get(start..self.at)?).ok().map(Cow::Owned)
    }

    /// Skips a value and returns its text.
    #[inline]
    pub(super) fn value(&mut self) -> Option<JsonText<'a>> {
        let first = self.peek()?;
        let start = self.at;
        match first {
            b'"' => self.string()?,
            b'-' | b'0'..=b'9' => self.number()?,
            b't' => self.word("true")?,
            b'f' => self.word("false")?,
            b'n' => self.word("null")?,
            _ => self.anything()?,
        }
        let text = self.whole.text.get(start..self.at)?;
        Some(JsonText { text, offset: self.whole.offset + start })
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.whole.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn string(&mut self) -> Option<()> {
        match self.plain_string() {
            Some(length) => {
                self.at += length + 2;
                Some(())
            }
            None => self.anything(),
        }
    }

    /// The length of the next string, if it is short and has no escapes.
    #[inline]
    fn plain_string(&self) -> Option<usize> {
        let inner = self.whole.text.as_bytes().get(self.at + 1..)?;
        let end = inner.iter().take(SHORT).position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
        (inner[end] == b'"').then_some(end)
    }

    #[inline]
    fn number(&mut self) -> Option<()> {
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        // A leading zero is a number by itself: a digit cannot follow a value.
        if self.byte() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    /// Skips one or more digits.
    #[inline]
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.byte() {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    #[inline]
    fn word(&mut self, word: &str) -> Option<()> {
        if !self.whole.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return None;
        }
        self.at += word.len();
        Some(())
    }

    /// Lets serde_json skip a value, which it does without recursion.
    #[cold]
    fn anything(&mut self) -> Option<()> {
        let mut reader = serde_json::Deserializer::from_str(&self.whole.text[self.at..]);
        let value = <&RawValue>::deserialize(&mut reader).ok()?;
        self.at += value.get().len();
        Some(())
    }
}
