//! Subjects, headers and order that a sink's messages take from their rows.

use std::sync::Arc;

use super::{MessageMeta, validate};
use crate::data::{Change, Datum, EncodeText, Error, ErrorKind};
use crate::format::text;

type SubjectOf<R> = Box<dyn Fn(&R) -> String + Send + Sync>;
type HeaderOf<R> = Box<dyn Fn(&R) -> Option<String> + Send + Sync>;
type Sort<R> = Box<dyn Fn(&mut Vec<Change<R>>) + Send + Sync>;

/// The closures that a sink was given.
pub(crate) struct MessageOptions<R> {
    subject: Option<SubjectOf<R>>,
    headers: Vec<(Arc<str>, HeaderOf<R>)>,
    sort: Option<Sort<R>>,
}

impl<R> MessageOptions<R> {
    pub(crate) fn new() -> Self {
        MessageOptions { subject: None, headers: Vec::new(), sort: None }
    }

    pub(crate) fn has_own_subjects(&self) -> bool {
        self.subject.is_some()
    }

    /// Whether there is neither a subject, nor a header, nor an order.
    pub(crate) fn is_empty(&self) -> bool {
        self.subject.is_none() && self.headers.is_empty() && self.sort.is_none()
    }

    pub(crate) fn set_subject(&mut self, subject: impl Fn(&R) -> String + Send + Sync + 'static) {
        self.subject = Some(Box::new(subject));
    }

    /// Adds a header.
    ///
    /// # Errors
    /// The name is not possible, reserved or used already.
    pub(crate) fn add_header<T: EncodeText>(
        &mut self,
        name: String,
        value: impl Fn(&R) -> T + Send + Sync + 'static,
    ) -> Result<(), Error> {
        let error = if ["pathway_time", "pathway_diff", "Nats-Msg-Id"].contains(&name.as_str()) {
            Some("the name is reserved for a header that every message has")
        } else if self.headers.iter().any(|(known, _)| **known == *name) {
            Some("there is a header with this name already")
        } else {
            validate::header_name(&name)
        };
        if let Some(error) = error {
            return Err(Error::new(ErrorKind::Config, format!("the header `{name}` cannot be added: {error}")));
        }
        self.headers.push((name.into(), Box::new(move |row| text::header(&value(row)))));
        Ok(())
    }

    /// Sorts a commit's messages. The sort is stable, and removals stay before insertions: consumers that apply the
    /// changes in order rely on that.
    pub(crate) fn sort_by<K: Datum>(&mut self, key: impl Fn(&R) -> K + Send + Sync + 'static) {
        self.sort = Some(Box::new(move |changes| {
            let mut keyed: Vec<_> = changes.drain(..).map(|change| (key(&change.row), change)).collect();
            keyed.sort_by(|(a, this), (b, other)| (this.diff > 0).cmp(&(other.diff > 0)).then_with(|| a.compare(b)));
            changes.extend(keyed.into_iter().map(|(_, change)| change));
        }));
    }

    pub(super) fn sort(&self, changes: &mut Vec<Change<R>>) {
        if let Some(sort) = &self.sort {
            sort(changes);
        }
    }

    /// The subject and the headers of a row's messages. `None` where all messages of the sink are alike.
    pub(super) fn meta(&self, row: &R) -> Option<Box<MessageMeta>> {
        if self.subject.is_none() && self.headers.is_empty() {
            return None;
        }
        let subject = self.subject.as_ref().map(|subject| subject(row).into());
        let value = |(name, value): &(Arc<str>, HeaderOf<R>)| Some((Arc::clone(name), value(row)?));
        let headers = self.headers.iter().filter_map(value).collect();
        Some(Box::new(MessageMeta { subject, headers, ..MessageMeta::default() }))
    }
}
