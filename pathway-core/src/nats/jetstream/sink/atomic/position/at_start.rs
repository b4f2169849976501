//! How much of the output the stream has when the pipeline starts.

use std::sync::Arc;

use super::super::Publisher;
use super::not_in_log;
use crate::data::ErrorKind;
use crate::nats::client::{Connection, MessageRequest, SessionEnd, matches};
use crate::persistence::OutputPosition;
use crate::telemetry::{Level, report};

impl Publisher {
    /// Finds out at the start how much of the output the stream has, if the pipeline persists.
    pub(in super::super::super) async fn find_shared_position(
        &mut self,
        connection: &mut Connection,
    ) -> Result<(), SessionEnd> {
        let (Some(state), Some(stream)) = (self.link.control.persistent().cloned(), &self.stream) else {
            return Ok(());
        };
        let Some(position) = self.atomic.as_ref().and_then(|atomic| atomic.position.as_ref()) else {
            let message = "each row has a subject of its own, and a pipeline that persists must know which ones only this sink \
                           writes to: say so with `.filter_subject(..)`, such as `.filter_subject(\"totals.>\")`";
            return Err(self.error(ErrorKind::Config, message).into());
        };
        let filter = Arc::clone(&position.filter);
        if let Some(dead_letters) = &self.config.dead_letters
            && matches(&filter, &dead_letters.subject)
        {
            let message = format!(
                "the dead letters go to `{}`, which matches the sink's own subjects `{filter}`: use another subject for them",
                dead_letters.subject
            );
            return Err(self.error(ErrorKind::Config, message).into());
        }
        self.claim(&stream.created, &filter)?;
        let end = stream.last;
        let last = self.message(connection, MessageRequest::Last { last_by_subj: &filter }).await?;
        let sequence = last.as_ref().map_or(0, |last| last.sequence);
        let now = self.output_position(&stream.created, sequence);
        let before = state.base(&self.link.name).filter(|_| state.commits() > 0);
        let is_same = |before: &OutputPosition| before.is_in_stream_of(&now);
        // Another stream gets all output if the log has everything.
        if let Some(before) = before.as_ref().filter(|before| !is_same(before) && state.checkpoint().is_some()) {
            return Err(self.other_stream(before, &now).into());
        }
        // Another run may have begun with that.
        let is_begun = before.is_some() && last.as_ref().is_some_and(|last| self.place_of_own(last).is_some());
        let before = match before.filter(is_same) {
            None if is_begun => {
                let begun = OutputPosition { last: 0, ..now.clone() };
                state.set_base(&self.link.name, begun.clone())?;
                Some(begun)
            }
            before => before,
        };
        let Some(OutputPosition { last: base, .. }) = before else {
            // Nothing of ours can be there. Others may have used the subjects since an attempt to start.
            if let Some(last) = &last {
                self.check_directory(last)?;
                if self.place_of_own(last).is_some() {
                    return Err(self.cannot_continue(&not_in_log(last)).into());
                }
            }
            state.set_base(&self.link.name, now)?;
            self.set_shared_position(|position| (position.sequence, position.confirmed) = (sequence, 0));
            return Ok(());
        };
        if end < base {
            return Err(self.lost_output(&state, base, end).into());
        }
        let has_other_output = state.has_other_output(&self.link.name);
        let place = last.as_ref().and_then(|last| self.place_of_own(last).map(|place| (place, last.time)));
        match (&last, place) {
            (Some(last), Some(((commit, _), _))) if commit >= state.commits() => {
                return Err(self.cannot_continue(&not_in_log(last)).into());
            }
            _ if has_other_output => {}
            (Some(last), None) if last.sequence > base => return Err(self.other_writer(last, &filter).into()),
            _ => {}
        }
        if has_other_output {
            // Everything is stored, and nothing is computed again. What is on these subjects now is before the sink's next message.
            state.set_new_base(&self.link.name, now);
            self.set_shared_position(|position| position.sequence = sequence);
            return Ok(());
        }
        self.set_shared_position(|position| {
            (position.sequence, position.last) = (sequence, place);
            // What was the last message then is not there any more.
            position.is_removed = sequence < base;
        });
        let what = place.map_or("none of the output".to_owned(), |((commit, number), _)| {
            format!("the output up to message {number} of commit {commit}")
        });
        let message = format_args!("stream `{}` has {what} on `{filter}`", self.config.stream);
        report(Level::Info, &self.link.name, message);
        Ok(())
    }
}
