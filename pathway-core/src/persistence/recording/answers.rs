//! The answers to asynchronous calls, while a recording is replayed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::persistence::session::lock;

/// Answers of one operator, each with the digest of the columns that its rows had.
type Answers = Vec<(u32, Arc<[u8]>)>;

/// What a recording has as answers for the commit that is being sealed.
#[derive(Debug, Default)]
pub(crate) struct RecordedAnswers {
    /// By operator.
    of_commit: Mutex<HashMap<String, Answers>>,
    /// Whether calls are made if there is no answer.
    makes_calls: bool,
}

impl RecordedAnswers {
    pub(crate) fn new(makes_calls: bool) -> Self {
        RecordedAnswers { makes_calls, ..RecordedAnswers::default() }
    }

    /// The answers for the commit that is about to be sealed: the operator, the digest of its columns, and the answers.
    pub(crate) fn set(&self, answers: Vec<(String, u32, Vec<u8>)>) {
        let mut of_commit = lock(&self.of_commit);
        of_commit.clear();
        for (operator, columns, answers) in answers {
            of_commit.entry(operator).or_default().push((columns, answers.into()));
        }
    }

    /// The answers for an operator, if its rows have the columns that they had.
    pub(crate) fn of(&self, operator: &str, columns: u32) -> Vec<Arc<[u8]>> {
        let of_commit = lock(&self.of_commit);
        let answers = of_commit.get(operator).into_iter().flatten().filter(|(of, _)| *of == columns);
        answers.map(|(_, answers)| Arc::clone(answers)).collect()
    }

    pub(crate) fn makes_calls(&self) -> bool {
        self.makes_calls
    }
}

/// Tells the columns of rows from others.
pub(crate) fn digest(columns: &str) -> u32 {
    crc32fast::hash(columns.as_bytes())
}
