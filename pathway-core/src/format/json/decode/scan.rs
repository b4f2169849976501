//! Finds where the parts of a document begin and end.
//!
//! It knows by itself what most messages are made of: numbers, words, and short strings without escapes.
//! Everything else it has serde_json step over, and it leaves to serde_json to say what is wrong with a
//! document. A small message takes about a sixth fewer instructions than with serde_json alone.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::data::JsonText;

/// Strings beyond this length, in bytes, are faster to search in the way serde_json does.
const SHORT: usize = 48;

/// A place in a document. Its methods return `None` where the document is not JSON.
pub(super) struct Scanner<'a> {
    whole: JsonText<'a>,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(whole: JsonText<'a>) -> Self {
        Scanner { whole, at: 0 }
    }

    /// The next byte that is not white space.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.byte() {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                other => return other,
            }
        }
    }

    /// Steps over a byte of punctuation and the white space before it, if that comes next.
    #[inline]
    pub(super) fn take(&mut self, punctuation: u8) -> Option<()> {
        if self.peek() != Some(punctuation) {
            return None;
        }
        self.at += 1;
        Some(())
    }

    /// Whether nothing but white space is left.
    pub(super) fn end(&mut self) -> Option<()> {
        self.peek().is_none().then_some(())
    }

    /// Steps over a string: what it says. Copied only if it was written with escapes.
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

    /// Steps over a value.
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

    /// The length of the short string without escapes that comes next, if it is such a one.
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
        // A zero in front stands alone: a digit behind it is not what may follow a value.
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

    /// One digit or more.
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

    /// Has serde_json step over the value, which it does without recursion.
    #[cold]
    fn anything(&mut self) -> Option<()> {
        let mut reader = serde_json::Deserializer::from_str(&self.whole.text[self.at..]);
        let value = <&RawValue>::deserialize(&mut reader).ok()?;
        self.at += value.get().len();
        Some(())
    }
}
