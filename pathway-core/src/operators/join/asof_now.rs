//! The operator behind `asof_now`: events are answered once.

use super::both::{Pending, Side};
use super::{Key, MakeRow, Pair};
use crate::data::{Change, Datum, Schema};
use crate::dataflow::BinaryStatefulOperator;
use crate::operators::state::keyed::Keyed;

/// Keeps the rows of the right side by key.
pub(super) struct AsofNow<L, R, K, O> {
    keys: Keyed<K, Answerer<R>>,
    left: Pending<L, K>,
    right: Pending<R, K>,
    /// How many keys the open commit has touched.
    touched: u32,
    /// Where events can go: each with the answers that its copies got.
    answered: Option<Keyed<L, Vec<Answer<O>>>>,
    row: MakeRow<L, R, O>,
}

/// The rows that one event was answered with, and how many copies of each.
type Answer<O> = Vec<(O, i64)>;

struct Answerer<R> {
    rows: Side<R>,
    /// Which of the keys that the open commit touched it is.
    ordinal: u32,
}

impl<R> Default for Answerer<R> {
    fn default() -> Self {
        Answerer { rows: Side::default(), ordinal: 0 }
    }
}

impl<L: Schema, R: Schema, K: Datum, O: Schema> AsofNow<L, R, K, O> {
    pub(super) fn new(left: Key<L, K>, right: Key<R, K>, append_only: bool, row: MakeRow<L, R, O>) -> Self {
        AsofNow {
            keys: Keyed::new(),
            left: Pending::new(left),
            right: Pending::new(right),
            touched: 0,
            answered: (!append_only).then(Keyed::new),
            row,
        }
    }
}

impl<L: Schema, R: Schema, K: Datum, O: Schema> BinaryStatefulOperator<Change<L>, Change<R>, O>
    for AsofNow<L, R, K, O>
{
    fn apply_left(&mut self, items: &mut Vec<Change<L>>) {
        self.left.apply(items, &mut self.keys, &mut self.touched, |answerer| &mut answerer.ordinal);
    }

    fn apply_right(&mut self, items: &mut Vec<Change<R>>) {
        self.right.apply(items, &mut self.keys, &mut self.touched, |answerer| &mut answerer.ordinal);
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        let AsofNow { keys, left, right, touched, answered, row } = self;
        *touched = 0;
        let (mut events, mut changes) = (Vec::new(), Vec::new());
        keys.seal(|_, Answerer { rows, ordinal }| {
            left.take(*ordinal, &mut events);
            right.take(*ordinal, &mut changes);
            changes.drain(..).for_each(|(row, diff)| rows.update(row, diff));
            for (event, diff) in events.drain(..) {
                let answer = || answer(&event, rows, &**row);
                match answered {
                    None => answer().into_iter().for_each(|(row, copies)| emit(Change { row, diff: copies * diff })),
                    Some(answered) => revise(answered, event.clone_datum(), diff, answer, emit),
                }
            }
            !rows.is_empty()
        });
        left.clear();
        right.clear();
        if let Some(answered) = answered {
            answered.seal(|_, answers| !answers.is_empty());
        }
    }
}

/// The answer to an event, by the right side as it stands.
fn answer<L, R: Datum, O>(event: &L, rows: &Side<R>, row: &dyn Fn(Pair<'_, L, R>) -> Option<O>) -> Answer<O> {
    if rows.count > 0 {
        let pairs = rows.rows.iter().map(|(other, copies)| (row(Pair::TwoSidedJoin(event, other)), copies));
        pairs.filter_map(|(row, copies)| Some((row?, copies))).collect()
    } else {
        row(Pair::Left(event)).into_iter().map(|row| (row, 1)).collect()
    }
}

/// Answers an event that comes, and takes back the newest answers of one that goes.
fn revise<L: Datum, O: Schema>(
    answered: &mut Keyed<L, Vec<Answer<O>>>,
    event: L,
    diff: i64,
    answer: impl Fn() -> Answer<O>,
    emit: &mut dyn FnMut(Change<O>),
) {
    let (slot, _) = answered.touch(event);
    let answers = answered.value(slot);
    for _ in 0..diff {
        let answer = answer();
        answer.iter().for_each(|(row, copies)| emit(Change { row: row.clone_datum(), diff: *copies }));
        answers.push(answer);
    }
    for _ in diff..0 {
        let gone = answers.pop().unwrap_or_default();
        gone.into_iter().for_each(|(row, copies)| emit(Change { row, diff: -copies }));
    }
}
