//! Rows as delimiter-separated values, as Pathway writes them.

use std::marker::PhantomData;

use super::{ChangeInfo, Encode};
use crate::data::{EncodeError, Schema, TextForm};

/// Encodes rows as delimiter-separated values: the columns in order, then `time` and `diff`, every field in quotes.
///
/// A `"` in a field is doubled, and there is no line break at the end. Booleans are `True` and `False`, a missing value is
/// `None`, floats are `1.0`, `1e21`, `inf`, `NaN`, durations are nanoseconds, and lists, tuples and `Json` are JSON text.
///
/// ```
/// use pathway::format::Dsv;
/// use pathway::prelude::*;
///
/// #[derive(Schema)]
/// struct Total { city: String, total: f64 }
///
/// let broker = pathway::testing::Broker::new();
/// let pipeline = Pipeline::new();
/// let totals = pipeline.rows([Total { city: "Oslo".into(), total: 2.0 }]);
/// nats::write(&totals, &broker, "totals").encode(Dsv::new().delimiter(b';').header_line(true));
/// pipeline.run()?;
///
/// let messages = broker.published("totals");
/// assert_eq!(messages[0].text(), r#""city";"total";"time";"diff""#);
/// assert!(messages[1].text().starts_with(r#""Oslo";"2.0";""#));
/// # Ok::<(), pathway::Error>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct Dsv<R> {
    delimiter: u8,
    header_line: bool,
    rows: PhantomData<fn(&R)>,
}

impl<R: Schema> Dsv<R> {
    /// Commas between fields, without a line of column names.
    pub fn new() -> Self {
        Dsv { delimiter: b',', header_line: false, rows: PhantomData }
    }

    /// Sets the delimiter between fields. Default: a comma.
    ///
    /// It must be an ASCII character other than `"` and a line break; otherwise the pipeline does not start.
    pub fn delimiter(mut self, delimiter: u8) -> Self {
        self.delimiter = delimiter;
        self
    }

    /// Whether the names of the columns are sent as a message before the first row. Default: no.
    pub fn header_line(mut self, header_line: bool) -> Self {
        self.header_line = header_line;
        self
    }

    /// Appends a field, with a delimiter before it unless it is the first.
    fn field(&self, text: &[u8], out: &mut Vec<u8>, first: bool) {
        if !first {
            out.push(self.delimiter);
        }
        out.push(b'"');
        for byte in text {
            if *byte == b'"' {
                out.push(b'"');
            }
            out.push(*byte);
        }
        out.push(b'"');
    }
}

impl<R: Schema> Default for Dsv<R> {
    fn default() -> Self {
        Dsv::new()
    }
}

impl<R: Schema> Encode<R> for Dsv<R> {
    fn encode(&self, row: &R, change: ChangeInfo, payload: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.encode_value(row, payload)?;
        self.field(change.time.to_string().as_bytes(), payload, false);
        self.field(change.diff.to_string().as_bytes(), payload, false);
        Ok(())
    }

    fn encode_value(&self, row: &R, payload: &mut Vec<u8>) -> Result<(), EncodeError> {
        let (mut text, mut first) = (Vec::new(), true);
        row.zip_columns(row, &mut |_, column, _| {
            text.clear();
            column.write_text(TextForm::Field, &mut text);
            self.field(&text, payload, first);
            first = false;
        });
        Ok(())
    }

    fn check(&self) -> Result<(), String> {
        if self.delimiter.is_ascii() && !b"\"\r\n".contains(&self.delimiter) {
            return Ok(());
        }
        Err(format!("`{}` cannot be a delimiter: use another ASCII character", self.delimiter.escape_ascii()))
    }

    fn preamble(&self) -> Option<Vec<u8>> {
        let names = R::COLUMNS.iter().map(|column| column.name).chain(["time", "diff"]);
        let mut line = Vec::new();
        names.enumerate().for_each(|(number, name)| self.field(name.as_bytes(), &mut line, number == 0));
        self.header_line.then_some(line)
    }
}
