//! The operator behind windows of one length: one row a window and key, kept up to date while the window is open.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;

use super::time::EventTime;
use super::windows::{Grid, Policy, Shows, Window};
use crate::data::{Change, Datum, DatumKey, Schema};
use crate::dataflow::{BinaryStatefulOperator, StatefulOperator};
use crate::operators::reducers::{Multiset, Reducer};
use crate::operators::state::event_time::{EventTimeTracker, Observed};
use crate::operators::state::in_order::InOrder;
use crate::operators::state::keyed::{Keyed, Slot, hash_of};
use crate::plan::TableProperties;
use crate::telemetry::{Level, LogLimiter};

/// What all workers share: how rows become groups, and groups rows.
pub(super) struct Rule<R, T, K, A, G: Reducer<A>, O> {
    pub(super) time: Arc<dyn Fn(&R) -> T + Send + Sync>,
    pub(super) key: Arc<dyn Fn(&R) -> K + Send + Sync>,
    pub(super) arguments: Arc<dyn Fn(&R) -> A + Send + Sync>,
    pub(super) reducers: Arc<G>,
    pub(super) output: MakeRow<K, T, G::Output, O>,
    pub(super) policy: Policy,
}

/// Makes a group's row of its key, its window, and what its reducers give.
type MakeRow<K, T, V, O> = Arc<dyn Fn(&K, Window<T>, V) -> O + Send + Sync>;

/// The windows of one worker.
pub(super) struct WindowGroups<R, T, K, A, G: Reducer<A>, O> {
    rule: Arc<Rule<R, T, K, A, G, O>>,
    grid: Grid,
    state: Keyed<(T, K), Group<G::State>>,
    /// For each group that the open commit has touched, in the same order: its row before it.
    before: Vec<Option<O>>,
    /// The groups that will close, by the time at which they do.
    closing: BTreeMap<i128, Vec<Slot>>,
    now: EventTimeTracker,
    late: LogLimiter,
    untold: LogLimiter,
    /// The open commit's rows with the starts of their windows, where their order matters.
    in_order: Option<InOrder<(T, R)>>,
    argument: PhantomData<fn(A)>,
}

#[derive(Default)]
struct Group<S> {
    /// How many rows it has. Without rows there is no output, whatever the state says.
    rows: i64,
    state: S,
    /// Where it stands among those that close with it.
    place: u32,
}

impl<R, T, K, A, G, O> WindowGroups<R, T, K, A, G, O>
where
    R: Schema,
    T: EventTime,
    K: Datum,
    A: Datum,
    G: Reducer<A>,
    O: Schema,
{
    pub(super) fn new(
        rule: Arc<Rule<R, T, K, A, G, O>>,
        grid: Grid,
        shape: TableProperties,
        now: EventTimeTracker,
        name: &Arc<str>,
    ) -> Self {
        WindowGroups {
            rule,
            grid,
            state: Keyed::new(),
            before: Vec::new(),
            closing: BTreeMap::new(),
            now,
            late: LogLimiter::new(name),
            untold: LogLimiter::new(name),
            in_order: InOrder::of::<A, G>(shape),
            argument: PhantomData,
        }
    }

    /// Takes a row into one of its windows, now or when the commit is complete.
    fn offer(&mut self, start: T, change: &Change<R>) {
        match &mut self.in_order {
            Some(in_order) => in_order.push(Change { row: (start, change.row.clone_datum()), diff: change.diff }),
            None => self.take(start, change),
        }
    }

    /// Takes a row into one of its windows.
    fn take(&mut self, start: T, Change { row, diff }: &Change<R>) {
        let closes = self.rule.closes(self.grid, start);
        if closes.is_some_and(|closes| self.now.before().is_some_and(|now| now >= closes)) {
            let what = format_args!(
                "a change of a row of {} came too late for the window from {start}, which has closed, and is ignored there",
                (self.rule.time)(row)
            );
            self.late.report(Level::Warn, 1, what);
            return;
        }
        let (slot, first) = self.state.touch((start, (self.rule.key)(row)));
        if first {
            let ((_, key), group) = self.state.entry(slot);
            let is_new = group.rows == 0;
            let before = self.rule.row_of(self.grid, start, key, group);
            self.before.push(before.unwrap_or_default());
            if let Some(closes) = closes.filter(|_| is_new) {
                let slots = self.closing.entry(closes).or_default();
                group.place = slots.len() as u32;
                slots.push(slot);
            }
        }
        let group = self.state.value(slot);
        group.rows += diff;
        let argument = (self.rule.arguments)(row);
        if G::ORDERED {
            self.rule.reducers.update_row(&mut group.state, hash_of(row), argument, *diff);
        } else {
            self.rule.reducers.update(&mut group.state, argument, *diff);
        }
    }

    fn close(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        if let Some(in_order) = &mut self.in_order {
            for Change { row: (start, row), diff } in in_order.settled() {
                self.take(start, &Change { row, diff });
            }
        }
        let WindowGroups { rule, grid, state, before, closing, now, untold, .. } = self;
        let now = now.seal();
        let has_closed = |closes: Option<i128>| closes.is_some_and(|closes| now.is_some_and(|now| now >= closes));
        let mut row_of = |start, key: &K, group: &Group<G::State>| {
            rule.row_of(*grid, start, key, group).unwrap_or_else(|error| {
                untold.report(Level::Error, 1, format_args!("a window has no row for now: {error}"));
                None
            })
        };
        let shows = rule.policy.shows;
        let mut befores = before.drain(..);
        // By their places, from the last one on: then the place that is filled from the end is filled with one that stays.
        let mut gone = Vec::new();
        state.seal(|(start, key), group| {
            let closes = rule.closes(*grid, *start);
            let closed = has_closed(closes);
            let before = befores.next().flatten().filter(|_| shows != Shows::OnceClosed);
            let is_shown = shows != if closed { Shows::WhileOpen } else { Shows::OnceClosed };
            rule.reducers.settle(&mut group.state);
            let after = if is_shown { row_of(*start, key, group) } else { None };
            let unchanged = matches!((&before, &after), (Some(before), Some(after)) if before.compare(after).is_eq());
            if !unchanged {
                before.map(Change::remove).into_iter().chain(after.map(Change::insert)).for_each(&mut *emit);
            }
            let stays = group.rows != 0 && !closed;
            if !stays {
                gone.extend(closes.map(|closes| (closes, Reverse(group.place))));
            }
            stays
        });
        drop(befores);
        gone.sort_unstable();
        for (closes, Reverse(place)) in gone {
            let Some(slots) = closing.get_mut(&closes) else { continue };
            slots.swap_remove(place as usize);
            match slots.get(place as usize).and_then(|moved| state.get(*moved)) {
                Some((_, group)) => group.place = place,
                None if slots.is_empty() => drop(closing.remove(&closes)),
                None => {}
            }
        }
        // Those that this commit has not touched.
        while let Some(entry) = closing.first_entry().filter(|entry| has_closed(Some(*entry.key()))) {
            for slot in entry.remove() {
                let Some(((start, key), group)) = state.remove_if(slot, |_| true) else { continue };
                let change = match shows {
                    Shows::Always => continue,
                    Shows::OnceClosed => Change::insert,
                    Shows::WhileOpen => Change::remove,
                };
                row_of(start, &key, &group).map(change).into_iter().for_each(&mut *emit);
            }
        }
    }
}

impl<R, T, K, A, G, O> Rule<R, T, K, A, G, O>
where
    T: EventTime,
    G: Reducer<A>,
{
    /// When the window that begins at `start` closes.
    fn closes(&self, grid: Grid, start: T) -> Option<i128> {
        Some(grid.end(start.ticks()) + self.policy.allowed_lateness?)
    }

    /// The times of rows, where event time is needed.
    pub(super) fn times(self: &Arc<Self>) -> impl Fn(&R) -> Option<i128> + use<R, T, K, A, G, O> {
        let rule = Arc::clone(self);
        move |row| rule.policy.allowed_lateness.map(|_| (rule.time)(row).ticks())
    }

    /// The starts of a row's windows.
    pub(super) fn starts(&self, grid: Grid, row: &R) -> impl Iterator<Item = T> + use<R, T, K, A, G, O> {
        grid.starts((self.time)(row).ticks()).map(T::at)
    }

    /// What reducers that care for the order of rows make of a session: its rows have that of event time, which neither
    /// late rows nor merged sessions disturb.
    pub(super) fn state_of<'a>(&self, rows: impl Iterator<Item = (&'a i128, &'a Multiset<A>)>) -> G::State
    where
        A: Datum,
    {
        let mut state = G::State::default();
        for (argument, copies) in rows.flat_map(|(_, rows)| rows.iter()) {
            self.reducers.update(&mut state, argument.clone_datum(), copies);
        }
        state
    }

    fn row_of(
        &self,
        grid: Grid,
        start: T,
        key: &K,
        group: &Group<G::State>,
    ) -> Result<Option<O>, crate::operators::reducers::ReduceError> {
        if group.rows <= 0 {
            return Ok(None);
        }
        let window = Window { start, end: T::at(grid.end(start.ticks())) };
        self.reducers.output(&group.state).map(|reduced| Some((self.output)(key, window, reduced)))
    }
}

/// With one worker: rows as they are.
impl<R, T, K, A, G, O> StatefulOperator<Change<R>, O> for WindowGroups<R, T, K, A, G, O>
where
    R: Schema,
    T: EventTime,
    K: Datum,
    A: Datum,
    G: Reducer<A>,
    O: Schema,
{
    fn apply(&mut self, changes: &mut Vec<Change<R>>) {
        for change in changes.drain(..) {
            if change.diff > 0 {
                self.now.saw_row((self.rule.time)(&change.row).ticks());
            }
            self.rule.clone().starts(self.grid, &change.row).for_each(|start| self.offer(start, &change));
        }
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        self.close(emit);
    }
}

/// With several, or with a clock: rows by their windows, and the times of all rows from all workers.
impl<R, T, K, A, G, O> BinaryStatefulOperator<(DatumKey<T>, Change<R>), Observed, O> for WindowGroups<R, T, K, A, G, O>
where
    R: Schema,
    T: EventTime,
    K: Datum,
    A: Datum,
    G: Reducer<A>,
    O: Schema,
{
    fn apply_left(&mut self, rows: &mut Vec<(DatumKey<T>, Change<R>)>) {
        rows.drain(..).for_each(|(DatumKey(start), change)| self.offer(start, &change));
    }

    fn apply_right(&mut self, seen: &mut Vec<Observed>) {
        seen.drain(..).for_each(|seen| self.now.saw(seen));
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        self.close(emit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::reducers::Count;
    use crate::operators::support::{Row, most_kept, stream};

    fn rule(allowed_lateness: i128) -> Arc<Rule<Row, i64, i64, (), Count, Row>> {
        Arc::new(Rule {
            time: Arc::new(|row: &Row| row.at),
            key: Arc::new(|row: &Row| row.key),
            arguments: Arc::new(|_: &Row| ()),
            reducers: Arc::new(Count),
            output: Arc::new(|key: &i64, window: Window<i64>, n| Row { key: *key, at: window.start, value: n }),
            policy: Policy { allowed_lateness: Some(allowed_lateness), shows: Shows::Always },
        })
    }

    /// A group that loses its rows and gets others has one place among those that will close, as any other.
    #[test]
    fn what_closes_is_forgotten() {
        let grid = Grid { length: 10, hop: 4, origin: 1, earliest: i128::MIN };
        let mut groups =
            WindowGroups::new(rule(7), grid, TableProperties::ARRIVALS, EventTimeTracker::default(), &"test".into());
        most_kept(stream(7, 30), |mut commit, now| {
            groups.apply(&mut commit);
            groups.close(&mut |_| {});
            let mut closing = 0;
            for (closes, slots) in &groups.closing {
                assert!(*closes > now && !slots.is_empty(), "at {now}");
                for (place, slot) in slots.iter().enumerate() {
                    let ((start, _), group) = groups.state.entry(*slot);
                    assert_eq!((i128::from(*start) + 10 + 7, group.place as usize), (*closes, place), "at {now}");
                }
                closing += slots.len();
            }
            assert_eq!(closing, groups.state.len(), "at {now}");
            closing
        });
    }

    #[test]
    fn a_group_that_comes_and_goes_leaves_nothing() {
        let grid = Grid { length: 10, hop: 10, origin: 0, earliest: i128::MIN };
        let mut groups = WindowGroups::new(
            rule(1_000),
            grid,
            TableProperties::ARRIVALS,
            EventTimeTracker::default(),
            &"test".into(),
        );
        let row = |key| Row { key, at: 5, value: 0 };
        groups.apply(&mut vec![Change::insert(row(1))]);
        groups.close(&mut |_| {});
        for key in 0..100 {
            for change in [Change::insert(row(key)), Change::remove(row(key))] {
                groups.apply(&mut vec![change]);
                groups.close(&mut |_| {});
            }
            assert_eq!(groups.closing.values().map(Vec::len).sum::<usize>(), 1);
        }
    }

    /// What the documentation says of memory.
    #[test]
    fn sizes() {
        assert_eq!(size_of::<Group<i64>>(), 24);
    }
}
