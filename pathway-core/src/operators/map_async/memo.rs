//! Rows that somebody else answers: which have to be asked about, and what stands of the answers.

use std::collections::VecDeque;

use crate::data::{Change, Datum};
use crate::operators::state::keyed::{Keyed, Slot};

/// Keeps the answer to each row, to take back exactly what was given.
pub(crate) struct AsyncMemo<R, O> {
    rows: Keyed<R, Answered<O>>,
    /// The rows that the open commit has touched.
    touched: Vec<Slot>,
    /// Those of them that were asked about.
    asked: Vec<Slot>,
    /// Rows never go: their answers need not be kept.
    append_only: bool,
    cache: Cache,
}

/// What somebody said of a row.
pub(crate) struct Answer<O> {
    /// The row that is made of it, if there is one.
    pub(crate) row: Option<O>,
    /// Whether it will do for the next row that is equal to this one.
    pub(crate) lasting: bool,
}

/// What is known of a row.
struct Answered<O> {
    /// How often the row is there.
    now: i64,
    /// At the end of the commit before.
    before: i64,
    answer: Option<Answer<O>>,
    /// When it went, of a row whose answer is kept for the next time.
    went: u64,
}

/// AsyncMemo to rows that are gone.
struct Cache {
    most: usize,
    /// In the order of their going. An entry whose row has come back, and perhaps gone again, counts no more.
    gone: VecDeque<(Slot, u64)>,
    went: u64,
    kept: usize,
}

impl<O> Default for Answered<O> {
    fn default() -> Self {
        Answered { now: 0, before: 0, answer: None, went: 0 }
    }
}

impl<R: Datum, O: Datum> AsyncMemo<R, O> {
    pub(crate) fn new(append_only: bool, cache: usize) -> Self {
        let cache = Cache { most: cache, gone: VecDeque::new(), went: 0, kept: 0 };
        AsyncMemo { rows: Keyed::new(), touched: Vec::new(), asked: Vec::new(), append_only, cache }
    }

    pub(crate) fn apply(&mut self, changes: &mut Vec<Change<R>>) {
        for Change { row, diff } in changes.drain(..) {
            let (slot, first) = self.rows.touch(row);
            let answered = self.rows.value(slot);
            if first {
                self.touched.push(slot);
                if std::mem::take(&mut answered.went) != 0 {
                    self.cache.kept -= 1;
                }
            }
            answered.now += diff;
        }
    }

    /// The rows that came with the open commit and have no answer, each once.
    pub(crate) fn questions(&mut self) -> Vec<R> {
        let mut questions = Vec::new();
        for slot in self.touched.drain(..) {
            let (row, answered) = self.rows.entry(slot);
            if answered.now > 0 && answered.answer.is_none() {
                questions.push(row.clone_datum());
                self.asked.push(slot);
            }
        }
        questions
    }

    /// Seals the commit, with the answers to its questions in their order.
    pub(crate) fn seal(&mut self, answers: Vec<Answer<O>>, emit: &mut dyn FnMut(Change<O>)) {
        for (slot, answer) in self.asked.drain(..).zip(answers) {
            self.rows.value(slot).answer = Some(answer);
        }
        let AsyncMemo { rows, cache, append_only, .. } = self;
        rows.seal_slots(|slot, _, answered| {
            let diff = answered.now.max(0) - answered.before.max(0);
            let row = answered.answer.as_ref().and_then(|answer| answer.row.as_ref());
            if let Some(row) = row.filter(|_| diff != 0) {
                emit(Change { row: row.clone_datum(), diff });
            }
            if *append_only {
                answered.now = 0;
            }
            answered.before = answered.now;
            if answered.now <= 0 {
                // One that was of no use is asked about again when it comes back.
                answered.answer.take_if(|answer| !answer.lasting);
            }
            answered.now != 0 || cache.keeps(slot, answered)
        });
        self.forget();
    }

    /// Forgets the oldest answers of those that are too many.
    fn forget(&mut self) {
        while let Some((slot, went)) = self.cache.gone.front().copied() {
            let counts = self.rows.get(slot).is_some_and(|(_, answered)| answered.went == went);
            if counts && self.cache.kept <= self.cache.most {
                break;
            }
            self.cache.gone.pop_front();
            if counts {
                self.cache.kept -= 1;
                self.rows.remove_if(slot, |_| true);
            }
        }
    }
}

impl Cache {
    /// Whether the answer to a row that is gone is kept.
    fn keeps<O>(&mut self, slot: Slot, answered: &mut Answered<O>) -> bool {
        let keeps = self.most > 0 && answered.answer.is_some();
        if keeps {
            self.went += 1;
            self.kept += 1;
            answered.went = self.went;
            self.gone.push_back((slot, self.went));
        }
        keeps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a commit in which each question is answered by ten times its number, and gives what was asked and emitted.
    fn commit(answers: &mut AsyncMemo<i64, i64>, changes: &[(i64, i64)]) -> (Vec<i64>, Vec<(i64, i64)>) {
        answers.apply(&mut changes.iter().map(|(row, diff)| Change { row: *row, diff: *diff }).collect());
        let asked = answers.questions();
        let given = asked.iter().map(|row| Answer { row: Some(10 * row), lasting: true }).collect();
        let mut emitted = Vec::new();
        answers.seal(given, &mut |change| emitted.push((change.row, change.diff)));
        (asked, emitted)
    }

    #[test]
    fn nothing_is_left_of_rows_that_are_gone() {
        for append_only in [false, true] {
            let mut answers = AsyncMemo::new(append_only, 0);
            assert_eq!(commit(&mut answers, &[(1, 2), (2, 1)]), (vec![1, 2], vec![(10, 2), (20, 1)]));
            if !append_only {
                assert_eq!(answers.rows.len(), 2);
                assert_eq!(commit(&mut answers, &[(1, -2), (2, -1)]), (vec![], vec![(10, -2), (20, -1)]));
            }
            assert_eq!(answers.rows.len(), 0);
        }
    }

    #[test]
    fn the_cache_is_bounded_and_forgets_what_went_first() {
        let mut answers = AsyncMemo::new(false, 2);
        for row in 1..=5 {
            commit(&mut answers, &[(row, 1)]);
            commit(&mut answers, &[(row, -1)]);
        }
        assert_eq!((answers.rows.len(), answers.cache.kept), (2, 2));
        assert_eq!(commit(&mut answers, &[(4, 1), (1, 1)]), (vec![1], vec![(40, 1), (10, 1)]));
        // What came back is no longer among those that are gone.
        assert_eq!((answers.rows.len(), answers.cache.kept), (3, 1));
        commit(&mut answers, &[(4, -1), (1, -1)]);
        assert_eq!((answers.rows.len(), answers.cache.kept), (2, 2));
        assert_eq!(commit(&mut answers, &[(4, 1), (1, 1), (5, 1)]).0, [5]);
        assert!(answers.cache.gone.len() <= 3, "{:?}", answers.cache.gone);
    }
}
