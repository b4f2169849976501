//! Which sequences of a stream have messages for a source: decides how removed ones are counted.

use super::reader::Reader;
use crate::nats::client::StreamInfo;

/// Which sequences of a stream have messages for a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coverage {
    /// Every one.
    All,
    /// Those with a matching subject. Only the stream knows whether the others have none, or have lost theirs.
    Filtered,
    /// The stream removes old messages of a subject by design, or only the newest ones were asked for: nothing is counted.
    Newest,
}

impl Coverage {
    /// For a source that reads a subject.
    pub(super) fn of(stream: &StreamInfo, subject: &str) -> Self {
        if stream.is_limited_per_subject {
            Coverage::Newest
        } else if !stream.is_mirror && stream.is_covered_by(subject) {
            Coverage::All
        } else {
            Coverage::Filtered
        }
    }
}

impl Reader {
    /// A stream that was read as a whole may have got other subjects in the meantime.
    pub(super) fn check_coverage(&mut self, stream: &StreamInfo) {
        if self.coverage == Coverage::All && !stream.is_covered_by(&self.spec.subject) {
            self.coverage = Coverage::Filtered;
            self.is_among_others = true;
            self.position.unread.uncover();
        }
    }
}
