//! How far output streams have a pipeline's messages, for the sinks that write them.

use std::sync::Arc;

use super::manifest::OutputPosition;
use super::restore_point::RestorePoint;
use super::session::{PersistentState, lock};
use crate::data::{Commit, Result};

/// What is to be done about an output stream that does not have what the pipeline wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LostOutput {
    /// The next run continues with a checkpoint before this commit, and writes what is missing.
    GoesBackTo(Commit),
    /// No checkpoint is old enough.
    TooOld,
    /// A checkpoint is old enough, but inputs have acknowledged messages since then, which no server has any more.
    InputIsGone,
}

impl OutputPosition {
    /// Whether both are positions in one stream, and not in another one of the same name.
    pub(crate) fn is_in_stream_of(&self, other: &OutputPosition) -> bool {
        (&self.stream, &self.created) == (&other.stream, &other.created)
    }
}

impl PersistentState {
    /// A sink's stream has all messages of the commits up to this one, and ends with this sequence.
    pub(crate) fn set_position(&self, sink: &Arc<str>, commit: Commit, sequence: u64) {
        lock(&self.sinks).set(sink, commit, sequence);
    }

    /// A sink's stream has lost messages that the sink wrote, and ends with this sequence. Goes back to the newest checkpoint of
    /// which it has all output, if there is one.
    ///
    /// # Errors
    /// The manifest cannot be written.
    pub(crate) fn go_back(&self, sink: &str, last: u64) -> Result<LostOutput> {
        let mut manifest = lock(&self.manifest);
        let sink = self.change.name_before(sink).unwrap_or(sink);
        let is_possible = |point: &RestorePoint| point.outputs.get(sink).is_some_and(|position| position.last <= last);
        if is_possible(&manifest.latest) {
            self.checkpoints.give_up();
            return Ok(LostOutput::GoesBackTo(manifest.latest.next()));
        }
        let Some(number) = manifest.earlier.iter().rposition(is_possible) else {
            return Ok(LostOutput::TooOld);
        };
        if manifest.latest.has_acknowledged() {
            return Ok(LostOutput::InputIsGone);
        }
        let mut new = manifest.clone();
        new.earlier.truncate(number + 1);
        let Some(point) = new.earlier.pop() else { return Ok(LostOutput::TooOld) };
        let commit = point.next();
        new.latest = point;
        new.write(&*self.store)?;
        *manifest = new;
        // Files of later checkpoints are removed at the next start: one may be being written.
        self.checkpoints.give_up();
        Ok(LostOutput::GoesBackTo(commit))
    }
}
