//! What asynchronous calls have answered, in the log of a pipeline that persists and in a recording: the calls of a logged or
//! recorded commit are not made again.

use std::sync::Arc;

use super::{Control, columns_of};
use crate::data::{Error, ErrorKind, Schema};
use crate::persistence::{Answers, Record, digest};
use crate::telemetry::Counter;

/// The answers to the calls of one operator.
pub(crate) struct AnswerLog {
    control: Control,
    /// The number of the operator's node.
    node: u32,
    /// The operator's name, and a digest of the columns of the rows that it reads and makes.
    operator: String,
    columns: u32,
    /// The `time` of the commit that is being sealed, which tells commits apart.
    clock: Arc<Counter>,
}

impl AnswerLog {
    /// Of an operator that reads rows of type `R` and makes rows of type `O`. `None` if the pipeline neither persists nor is
    /// recorded or replayed.
    pub(super) fn new<R: Schema, O: Schema>(
        control: &Control,
        node: u32,
        operator: String,
        clock: Arc<Counter>,
    ) -> Option<Self> {
        let is_needed = control.persistent().is_some() || control.recorder().is_some() || control.replayed().is_some();
        let columns = digest(&format!("{} -> {}", columns_of::<R>(), columns_of::<O>()));
        is_needed.then(|| AnswerLog { control: control.clone(), node, operator, columns, clock })
    }

    /// What is known of the commit that is being sealed: from earlier runs, or from a recording.
    pub(crate) fn earlier(&self) -> Vec<Arc<[u8]>> {
        if let Some(replayed) = self.control.replayed() {
            return replayed.of(&self.operator, self.columns);
        }
        let Some(state) = self.control.persistent() else { return Vec::new() };
        let time = self.clock.get();
        let answers = state.answers(self.node, time);
        if let Some(recorder) = self.control.recorder().filter(|_| !answers.is_empty()) {
            recorder.recover_answers(&self.operator, self.columns, time, &answers);
        }
        answers
    }

    /// Whether calls may be made whose answers are not known. Otherwise the pipeline has failed.
    pub(crate) fn allow_calls(&self, calls: usize) -> bool {
        if self.control.replayed().is_none_or(|replayed| replayed.makes_calls()) {
            return true;
        }
        let operator = &self.operator;
        let message = format!(
            "the recording has no answers to {calls} calls of `{operator}` at time {}: the operator has another name or other              rows than in the recorded program; give it its name again (`named`), or say              `persistence::replay(..).allow_calls()` to make such calls",
            self.clock.get()
        );
        self.control.fail(Error::new(ErrorKind::Persistence, message));
        false
    }

    /// Logs the answers for the commit that is being sealed, before anything is made of them.
    pub(crate) fn add(&self, answers: Result<Vec<u8>, String>) {
        let (node, time) = (self.node, self.clock.get());
        let answers = match answers {
            Ok(answers) => answers,
            Err(error) => return self.control.fail(Error::new(ErrorKind::Persistence, error)),
        };
        if let Some(recorder) = self.control.recorder() {
            recorder.add_answers(&self.operator, self.columns, time, &answers);
        }
        let state = self.control.persistent();
        let logged = state.map_or(Ok(()), |state| state.append(Record::Answers(Answers { node, time, answers })));
        if let Err(error) = logged {
            self.control.fail(error);
        }
    }
}
