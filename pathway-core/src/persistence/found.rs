//! What a log says, read from its beginning before the pipeline starts.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{Answers, Arrival, Record, RefusedMessage, SourceStart};
use crate::data::{Commit, EarlierMessages};

/// Answers to asynchronous calls, by the number of the operator's node and the `time` of the commit.
pub(super) type LoggedAnswers = HashMap<(u32, u64), Vec<Arc<[u8]>>>;

/// What a log says.
#[derive(Default)]
pub(super) struct Found {
    pub(super) start: Option<Vec<SourceStart>>,
    pub(super) commits: Commit,
    pub(super) confirmed: Commit,
    pub(super) refused: HashSet<RefusedMessage>,
    pub(super) positions: HashMap<u32, Vec<u8>>,
    pub(super) answers: LoggedAnswers,
    pub(super) messages: HashMap<u32, EarlierMessages>,
}

impl Found {
    pub(super) fn add(&mut self, record: Record) {
        match record {
            Record::Start(sources) => drop(self.start.get_or_insert(sources)),
            Record::Commit(record) => {
                (self.commits, self.confirmed) = (record.commit + 1, record.confirmed.max(self.confirmed));
                for arrival in record.arrivals {
                    match arrival {
                        Arrival::Logged { source, position, .. } if !position.is_empty() => {
                            self.positions.insert(source, position);
                        }
                        Arrival::Sequences { source, sequences } => {
                            self.messages.entry(source).or_default().logged.append(&sequences);
                        }
                        _ => {}
                    }
                }
            }
            Record::Confirmed(before) => self.confirmed = before.max(self.confirmed),
            Record::Refused(message) => drop(self.refused.insert(message)),
            Record::Answers(Answers { node, time, answers }) => {
                self.answers.entry((node, time)).or_default().push(answers.into());
            }
        }
    }
}
