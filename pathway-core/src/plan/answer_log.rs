//! What asynchronous calls have answered, in the log of a pipeline that persists: the calls of a logged commit are not made again.

use std::sync::Arc;

use super::Control;
use crate::data::{Error, ErrorKind};
use crate::persistence::{Answers, PersistentState, Record};
use crate::telemetry::Counter;

/// The answers to the calls of one operator.
pub(crate) struct AnswerLog {
    state: Arc<PersistentState>,
    control: Control,
    /// The number of the operator's node.
    node: u32,
    /// The `time` of the commit that is being sealed, which tells commits apart.
    clock: Arc<Counter>,
}

impl AnswerLog {
    /// `None` if the pipeline does not persist.
    pub(super) fn new(control: &Control, node: u32, clock: Arc<Counter>) -> Option<Self> {
        let state = Arc::clone(control.persistent()?);
        Some(AnswerLog { state, control: control.clone(), node, clock })
    }

    /// What earlier runs have logged for the commit that is being sealed.
    pub(crate) fn earlier(&self) -> Vec<Arc<[u8]>> {
        self.state.answers(self.node, self.clock.get())
    }

    /// Logs the answers for the commit that is being sealed, before anything is made of them.
    pub(crate) fn add(&self, answers: Result<Vec<u8>, String>) {
        let (node, time) = (self.node, self.clock.get());
        let encoded = answers.map_err(|error| Error::new(ErrorKind::Persistence, error));
        let logged = encoded.and_then(|answers| self.state.append(Record::Answers(Answers { node, time, answers })));
        if let Err(error) = logged {
            self.control.fail(error);
        }
    }
}
