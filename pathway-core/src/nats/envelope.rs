//! What the messages of a sink have beside their payloads, and the order in which they go.

use std::sync::Arc;

use crate::connector::sink::{MessageMeta, validate};
use crate::data::{Change, Datum, EncodeText, Error, ErrorKind};
use crate::format::text;

type SubjectOf<R> = Box<dyn Fn(&R) -> String + Send + Sync>;
type HeaderOf<R> = Box<dyn Fn(&R) -> Option<String> + Send + Sync>;
type Sort<R> = Box<dyn Fn(&mut Vec<Change<R>>) + Send + Sync>;

/// The closures that a sink was given.
pub(super) struct Envelope<R> {
    subject: Option<SubjectOf<R>>,
    headers: Vec<(Arc<str>, HeaderOf<R>)>,
    sort: Option<Sort<R>>,
}

impl<R> Envelope<R> {
    pub(super) fn new() -> Self {
        Envelope { subject: None, headers: Vec::new(), sort: None }
    }

    pub(super) fn has_own_subjects(&self) -> bool {
        self.subject.is_some()
    }

    /// Whether there is nothing beside payloads, and no order.
    pub(super) fn is_plain(&self) -> bool {
        self.subject.is_none() && self.headers.is_empty() && self.sort.is_none()
    }

    pub(super) fn set_subject(&mut self, subject: impl Fn(&R) -> String + Send + Sync + 'static) {
        self.subject = Some(Box::new(subject));
    }

    /// Adds a header. Fails where it can't have that name.
    pub(super) fn add_header<T: EncodeText>(
        &mut self,
        name: String,
        value: impl Fn(&R) -> T + Send + Sync + 'static,
    ) -> Result<(), Error> {
        let complaint = if ["pathway_time", "pathway_diff", "Nats-Msg-Id"].contains(&name.as_str()) {
            Some("every message has one of its own, or may get one")
        } else if self.headers.iter().any(|(known, _)| **known == *name) {
            Some("there is one of that name already")
        } else {
            validate::header_name(&name)
        };
        if let Some(complaint) = complaint {
            return Err(Error::new(ErrorKind::Config, format!("the header `{name}` cannot be added: {complaint}")));
        }
        self.headers.push((name.into(), Box::new(move |row| text::header(&value(row)))));
        Ok(())
    }

    /// Stable, and what goes still goes before what comes: who applies the changes in order needs that.
    pub(super) fn sort_by<K: Datum>(&mut self, key: impl Fn(&R) -> K + Send + Sync + 'static) {
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

    /// What is the own of a row's messages; `None` where nothing is.
    pub(super) fn label(&self, row: &R) -> Option<Box<MessageMeta>> {
        if self.subject.is_none() && self.headers.is_empty() {
            return None;
        }
        let subject = self.subject.as_ref().map(|subject| subject(row).into());
        let value = |(name, value): &(Arc<str>, HeaderOf<R>)| Some((Arc::clone(name), value(row)?));
        let headers = self.headers.iter().filter_map(value).collect();
        Some(Box::new(MessageMeta { subject, headers, ..MessageMeta::default() }))
    }
}
