//! Subjects, headers and order that a sink's messages take from their rows.

use std::sync::Arc;

use super::{MessageMeta, validate};
use crate::data::{Change, Datum, EncodeError, EncodeText, Error, ErrorKind, sort_by};
use crate::format::text;

type SubjectOf<R> = Box<dyn Fn(&R) -> String + Send + Sync>;
type HeaderOf<R> = Box<dyn Fn(&R) -> Option<String> + Send + Sync>;
type Sort<R> = Box<dyn Fn(&mut Vec<Change<R>>) + Send + Sync>;

/// The closures that a sink was given.
pub(crate) struct MessageOptions<R> {
    subject: Option<SubjectOf<R>>,
    headers: Vec<(Arc<str>, HeaderOf<R>)>,
    message_id: Option<HeaderOf<R>>,
    sort: Option<Sort<R>>,
}

impl<R> MessageOptions<R> {
    pub(crate) fn new() -> Self {
        MessageOptions { subject: None, headers: Vec::new(), message_id: None, sort: None }
    }

    pub(crate) fn has_own_subjects(&self) -> bool {
        self.subject.is_some()
    }

    pub(crate) fn has_message_ids(&self) -> bool {
        self.message_id.is_some()
    }

    /// Whether there is neither a subject, nor a header, nor an id, nor an order.
    pub(crate) fn is_empty(&self) -> bool {
        self.has_no_meta() && self.sort.is_none()
    }

    /// Whether all messages are alike but for their payloads.
    fn has_no_meta(&self) -> bool {
        self.subject.is_none() && self.headers.is_empty() && self.message_id.is_none()
    }

    pub(crate) fn set_subject(&mut self, subject: impl Fn(&R) -> String + Send + Sync + 'static) {
        self.subject = Some(Box::new(subject));
    }

    pub(crate) fn set_message_id<T: EncodeText>(&mut self, id: impl Fn(&R) -> T + Send + Sync + 'static) {
        self.message_id = Some(Box::new(move |row| text::header(&id(row))));
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
        let error = if name == "Nats-Msg-Id" {
            Some("use `.message_id(..)`, which sets it")
        } else if ["pathway_time", "pathway_diff"].contains(&name.as_str()) {
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
            sort_by(&mut keyed, |(a, this), (b, other)| {
                (this.diff > 0).cmp(&(other.diff > 0)).then_with(|| a.compare(b))
            });
            changes.extend(keyed.into_iter().map(|(_, change)| change));
        }));
    }

    pub(super) fn sort(&self, changes: &mut Vec<Change<R>>) {
        if let Some(sort) = &self.sort {
            sort(changes);
        }
    }

    /// The subject, the headers and the id of a row's messages. `None` where all messages of the sink are alike.
    pub(super) fn meta(&self, row: &R) -> Option<Box<MessageMeta>> {
        if self.has_no_meta() {
            return None;
        }
        let subject = self.subject.as_ref().map(|subject| subject(row).into());
        let value = |(name, value): &(Arc<str>, HeaderOf<R>)| Some((Arc::clone(name), value(row)?));
        let headers = self.headers.iter().filter_map(value).collect();
        let message_id = self.message_id.as_ref().and_then(|id| id(row));
        let is_blank = message_id.as_deref().is_some_and(|id| id.trim().is_empty());
        // A server ignores such an id, and takes no message for its duplicate.
        let error = is_blank.then(|| EncodeError::new("its message id is empty"));
        Some(Box::new(MessageMeta { subject, headers, message_id, error, ..MessageMeta::default() }))
    }
}
