//! A bucket as a table: the rows by key.

use std::collections::HashMap;

use super::bucket;
use crate::connector::source::RowDecoder;
use crate::data::{Change, Datum, DecodeError, Message};
use crate::format::DecodedRows;

/// Decodes one row of a message.
pub(crate) trait DecodeRow<R>: Fn(&Message<'_>) -> Result<R, DecodeError> + Send + Sync + 'static {}

impl<R, F: Fn(&Message<'_>) -> Result<R, DecodeError> + Send + Sync + 'static> DecodeRow<R> for F {}

/// Keeps the rows of a bucket by key, and turns its messages into changes.
pub(crate) struct KeyedRows<R, D> {
    decode: D,
    rows: HashMap<Box<str>, R, foldhash::fast::RandomState>,
    /// What the subjects begin with, where the source has not removed it.
    prefix: Box<str>,
    /// The initial snapshot is complete, and was passed on.
    complete: bool,
}

impl<R: Datum, D> KeyedRows<R, D> {
    pub(crate) fn new(bucket: &str, decode: D) -> Self {
        KeyedRows { decode, rows: HashMap::default(), prefix: bucket::prefix(bucket).into(), complete: false }
    }
}

impl<R: Datum, D: DecodeRow<R>> RowDecoder<R> for KeyedRows<R, D> {
    /// Nothing is passed on until the initial snapshot is complete.
    fn decode(&mut self, message: &Message<'_>, rows: &mut DecodedRows<R>) -> Result<(), DecodeError> {
        let key = message.subject.strip_prefix(&*self.prefix).unwrap_or(message.subject);
        let new = match bucket::is_removal(message.headers) {
            true => None,
            false => Some((self.decode)(&Message { subject: key, ..*message })?),
        };
        let passed_on = new.as_ref().filter(|_| self.complete).map(Datum::clone_datum);
        let old = match new {
            Some(row) => self.rows.insert(key.into(), row),
            None => self.rows.remove(key),
        };
        let unchanged = old.as_ref().zip(passed_on.as_ref()).is_some_and(|(old, new)| old.compare(new).is_eq());
        rows.rows += 1;
        if self.complete && !unchanged {
            rows.changes.extend(old.map(Change::remove));
            rows.changes.extend(passed_on.map(Change::insert));
        }
        Ok(())
    }

    /// Passes on the initial snapshot, by key, once.
    fn end_snapshot(&mut self, changes: &mut Vec<Change<R>>) {
        if std::mem::replace(&mut self.complete, true) {
            return;
        }
        let mut rows: Vec<_> = self.rows.iter().collect();
        rows.sort_unstable_by_key(|(key, _)| &***key);
        changes.extend(rows.into_iter().map(|(_, row)| Change::insert(row.clone_datum())));
    }

    fn awaits_snapshot(&self) -> bool {
        !self.complete
    }
}
