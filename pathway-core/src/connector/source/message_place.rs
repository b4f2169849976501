//! Where a message comes from, for the log.

use std::fmt;

use super::message_batch::MessagePosition;
use crate::data::subject_excerpt;

/// Where a message comes from: ``on subject `orders` at position 7``.
pub(super) struct Place<'a> {
    pub(super) subject: &'a str,
    pub(super) position: Option<MessagePosition<'a>>,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "on subject `{}`", subject_excerpt(self.subject))?;
        match &self.position {
            Some(MessagePosition::At(position)) => write!(f, " at position {position}"),
            Some(MessagePosition::Before(position)) => write!(f, " before position {position}"),
            None => Ok(()),
        }
    }
}
