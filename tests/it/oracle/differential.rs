//! The oracle: a shape in differential-dataflow, on one worker.

use std::cell::RefCell;
use std::rc::Rc;

use differential_dataflow::input::InputSession;
use differential_dataflow::{ExchangeData, Hashable, VecCollection};

use super::check::Commits;

/// The rows of a table, with their number of copies.
pub(super) type Rows<'scope, D> = VecCollection<'scope, u64, D, isize>;

/// A row in differential. The cases use tuples of integers and strings.
pub(super) trait Value: ExchangeData + Hashable + Send + Sync {}
impl<T: ExchangeData + Hashable + Send + Sync> Value for T {}

/// The net changes of each commit.
pub(super) fn run<D: Value, O: Value>(
    commits: Commits<D>,
    shape: impl for<'scope> Fn(Rows<'scope, D>) -> Rows<'scope, O> + Send + Sync + 'static,
) -> Commits<O> {
    timely::execute_directly(move |worker| {
        let seen = Rc::new(RefCell::new(vec![Vec::new(); commits.len()]));
        let sink = Rc::clone(&seen);
        let mut input = InputSession::new();
        let probe = worker.dataflow::<u64, _, _>(|scope| {
            let net = shape(input.to_collection(scope)).consolidate();
            let keep = move |(row, commit, diff): &(O, u64, isize)| {
                sink.borrow_mut()[*commit as usize].push((row.clone(), *diff as i64));
            };
            net.inspect(keep).probe().0
        });
        for (commit, changes) in commits.into_iter().enumerate() {
            changes.into_iter().for_each(|(row, diff)| input.update(row, diff as isize));
            input.advance_to(commit as u64 + 1);
            input.flush();
            worker.step_while(|| probe.less_than(input.time()));
        }
        seen.take()
    })
}

/// One row for each group that has rows.
pub(super) fn reduce<'scope, K: Value, V: Value, O: Value>(
    rows: Rows<'scope, (K, V)>,
    row: impl Fn(&K, Group<'_, V>) -> O + 'static,
) -> Rows<'scope, O> {
    let reduced = rows.reduce(move |key, values, output| {
        let group = Group(values);
        if group.count() > 0 {
            output.push((row(key, group), 1));
        }
    });
    reduced.map(|(_, row)| row)
}

/// The values of a group, with their number of copies.
///
/// Some copies can be negative, because a removal came before its insertion. The total is positive, or there is no row.
#[derive(Clone, Copy)]
pub(super) struct Group<'a, V>(&'a [(&'a V, isize)]);

impl<V> Group<'_, V> {
    pub(super) fn count(&self) -> i64 {
        self.sum(|_| 1)
    }

    pub(super) fn sum(&self, number: impl Fn(&V) -> i64) -> i64 {
        self.0.iter().map(|(value, copies)| number(value) * *copies as i64).sum()
    }

    pub(super) fn min<T: Ord>(&self, part: impl Fn(&V) -> T) -> T {
        self.there().map(part).min().unwrap()
    }

    pub(super) fn max<T: Ord>(&self, part: impl Fn(&V) -> T) -> T {
        self.there().map(part).max().unwrap()
    }

    /// A part of every row, in order.
    pub(super) fn all<T: Ord + Clone>(&self, part: impl Fn(&V) -> T) -> Vec<T> {
        let copies = self.0.iter().flat_map(|(value, copies)| vec![part(value); usize::try_from(*copies).unwrap_or(0)]);
        let mut all: Vec<T> = copies.collect();
        all.sort();
        all
    }

    /// The number of different values.
    pub(super) fn different<T: Ord + Clone>(&self, part: impl Fn(&V) -> T) -> i64 {
        let mut all = self.all(part);
        all.dedup();
        all.len() as i64
    }

    fn there(&self) -> impl Iterator<Item = &V> {
        self.0.iter().filter(|(_, copies)| *copies > 0).map(|(value, _)| *value)
    }
}
