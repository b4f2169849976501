//! The columns of several rows in a new one: `{ ..a, ..b }`.

use std::marker::PhantomData;

use crate::data::{BothRows, ExtensibleRow, Schema};

/// A row with the columns of both.
#[inline]
pub fn both_rows<A: ExtensibleRow, B: Schema>(one: &A, two: B) -> BothRows<A, B> {
    BothRows::new(one, two)
}

/// The type of a row. A constant that has it as a pattern is evaluated when a program is checked, not only when it is built.
#[inline]
pub fn type_of<R>(_: &R) -> PhantomData<R> {
    PhantomData
}

/// Fails to compile where two of the rows have a column of the same name that is not written. `rows` are their names: `` `a` and `b` ``,
/// and `first` is one of them. Fields with one of the names `equal` have equal values in all rows.
#[track_caller]
#[expect(clippy::panic, reason = "it runs at compile time only")]
pub const fn distinct_columns<R: Schema>(rows: &str, first: &str, equal: &[&str]) -> PhantomData<R> {
    if let Some(name) = R::COLUMNS.repeated(equal) {
        let text = Text::new().add("more than one of ").add(rows).add(" has a column `").add(name);
        let text = text.add("`: write the one that is meant, as in `").add(name).add(": ").add(first);
        let text = text.add(".").add(name).add("`");
        panic!("{}", text.as_str());
    }
    PhantomData
}

/// A text that is made at compile time. What does not fit is cut off.
struct Text {
    bytes: [u8; 512],
    length: usize,
}

impl Text {
    const fn new() -> Self {
        Text { bytes: [0; 512], length: 0 }
    }

    const fn add(mut self, text: &str) -> Self {
        let (text, mut place) = (text.as_bytes(), 0);
        while place < text.len() && self.length < self.bytes.len() {
            self.bytes[self.length] = text[place];
            self.length += 1;
            place += 1;
        }
        self
    }

    const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(text) => text,
            Err(_) => "two rows have a column of the same name",
        }
    }
}
