//! The state of sessions: what is left of closed ones, what merging costs, and that restarts change nothing.

use std::collections::BTreeMap;

use super::*;
use crate::operators::reducers::{Count, ReduceError};
use crate::operators::state::{Observation, hash_of, stamped_step};
use crate::operators::test_rows::{
    Row, Worker, by_worker, check_copies, copy_states, exchange, max_kept, random_commits,
};
use crate::operators::window::windows::{ClosePolicy, Window};

type TestWindows = SessionWindows<Row, i64, i64, (), Count, Row>;

fn spec<R: Reducer<(), Output = i64>>(
    reducer: R,
    allowed_lateness: i128,
    emit: EmitMode,
) -> Arc<WindowSpec<Row, i64, i64, (), R, Row>> {
    Arc::new(WindowSpec {
        time: Arc::new(|row: &Row| row.at),
        key: Arc::new(|row: &Row| row.key),
        arguments: Arc::new(|_: &Row| ()),
        reducers: Arc::new(reducer),
        output: Arc::new(|key: &i64, window: Window<i64>, n| Row { key: *key, at: window.start, value: n }),
        policy: ClosePolicy { allowed_lateness: Some(allowed_lateness), emit },
    })
}

/// However often a session grows, it is in `closing` once.
#[test]
fn closed_sessions_leave_no_state() {
    for emit in [EmitMode::Always, EmitMode::OnClose, EmitMode::UntilClose] {
        let time = WindowTime::new(true, false, None, None);
        let mut operator =
            SessionWindows::new(spec(Count, 7, emit), 3, TableProperties::ARRIVALS, time, &"test".into());
        max_kept(random_commits(8, 30), |mut commit, now| {
            operator.receive(&mut commit);
            operator.commit(&mut |_, _| {});
            let slots: Vec<_> = operator.closing.iter().map(|(_, slot)| *slot).collect();
            let kept = slots.into_iter().map(|slot| {
                let (_, timeline) = operator.keys.get(slot).unwrap();
                assert!(timeline.rows.first().unwrap().0 >= timeline.sessions.first().unwrap().0);
                (slot, timeline.sessions.range(..).count())
            });
            let kept: BTreeMap<_, _> = kept.collect();
            assert_eq!(kept.values().sum::<usize>(), operator.closing.len());
            assert_eq!(kept.len(), operator.keys.len());
            assert!(operator.closing.iter().all(|(end, _)| end + 3 + 7 > now), "at {now}");
            operator.keys.len()
        });
    }
}

/// Counts the calls of `update`.
struct Calls(Arc<std::sync::atomic::AtomicUsize>);

impl Reducer<()> for Calls {
    type State = i64;
    type Output = i64;

    fn update(&self, state: &mut i64, (): (), diff: i64) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        *state += diff;
    }

    fn output(&self, state: &i64) -> Result<i64, ReduceError> {
        Ok(*state)
    }
}

/// Wherever sessions merge and split, only the rows of the smaller part move.
#[test]
fn sessions_merge_and_split_without_scanning_the_larger_part() {
    let calls = Arc::default();
    let mut operator = SessionWindows::new(
        spec(Calls(Arc::clone(&calls)), 0, EmitMode::Always),
        1,
        TableProperties::ARRIVALS,
        WindowTime::new(true, false, None, None),
        &"test".into(),
    );
    operator.spec = {
        let mut spec = spec(Calls(Arc::clone(&calls)), 0, EmitMode::Always);
        Arc::get_mut(&mut spec).unwrap().policy.allowed_lateness = None;
        spec
    };
    let row = |at| Row { key: 0, at, value: 0 };
    let mut commit = |mut changes: Vec<Change<Row>>| {
        operator.receive(&mut changes);
        operator.commit(&mut |_, _| {});
        operator.keys.seal(|_, timeline| !timeline.sessions.is_empty());
    };
    const ROWS: i64 = 1_000;
    commit((0..ROWS).map(|n| Change::insert(row(2 * n))).collect());
    // From right to left, so that each merge is with the large session.
    (1..ROWS).rev().for_each(|n| commit(vec![Change::insert(row(2 * n - 1))]));
    // Then split again, one row at a time.
    (1..ROWS).for_each(|n| commit(vec![Change::remove(row(2 * n - 1))]));
    let calls = calls.load(std::sync::atomic::Ordering::Relaxed);
    assert!(calls < 10 * ROWS as usize, "{calls} calls for {ROWS} rows");
}

#[test]
fn sessions_are_the_same_after_a_restart() {
    let route = |(key, ..): &KeyedChange<i64, ()>| hash_of(&key.0);
    for emit in [EmitMode::Always, EmitMode::OnClose, EmitMode::UntilClose] {
        let new = |time: WindowTime| {
            SessionWindows::new(spec(Count, 7, emit), 3, TableProperties::ARRIVALS, time, &"test".into())
        };
        let commits = |seed| random_commits(seed, 30);
        // In the order of arrival, on workers that are told event time.
        let told = |workers: usize| {
            let step = || {
                let spec = spec(Count, 7, emit);
                stamped_step(workers, |row: &Row| row.at.into(), move |change, put| put(spec.keyed(&change)))
            };
            let operator = || new(WindowTime::new(true, true, None, None));
            (0..workers).map(|_| Worker { step: step(), operator: operator() }).collect::<Vec<_>>()
        };
        let route_stamped = |(row, worker, _): &Stamped<KeyedChange<i64, ()>>| row.as_ref().map_or(*worker, route);
        let mut run = |workers: &mut [Worker<_, TestWindows>], commit: Vec<Change<Row>>| {
            let mut emitted = Vec::new();
            for (windows, mut items) in exchange(workers, commit, route_stamped) {
                windows.receive(&mut items);
                windows.commit(&mut |time, change| emitted.push((time, change.row, change.diff)));
            }
            emitted
        };
        check_copies(commits, told, &mut run);
        // A worker that is alone decides event time itself: it loads what several have saved, and they load what it has.
        let alone = || new(WindowTime::new(true, false, None, None));
        let (mut twin, mut workers, mut is_alone) = (alone(), told(2), false);
        let mut only = alone();
        for (number, mut commit) in random_commits(fastrand::u64(..), 30).into_iter().enumerate() {
            let mut expected = Vec::new();
            twin.receive(&mut commit.clone());
            twin.commit(&mut |time, change| expected.push((time, change.row, change.diff)));
            let mut emitted = Vec::new();
            if is_alone {
                only.receive(&mut commit);
                only.commit(&mut |time, change| emitted.push((time, change.row, change.diff)));
            } else {
                emitted = run(&mut workers, commit);
            }
            expected.sort();
            emitted.sort();
            assert_eq!(emitted, expected, "commit {number}");
            if number % 10 == 9 {
                is_alone = !is_alone;
                if is_alone {
                    only = alone();
                    copy_states(&mut workers, std::slice::from_mut(&mut only));
                } else {
                    workers = told(3);
                    copy_states(std::slice::from_mut(&mut only), &mut workers);
                }
            }
        }
        // Of a table that changes.
        let by_commit = |workers: usize| (0..workers).map(|_| new(WindowTime::new(false, true, None, None))).collect();
        check_copies(commits, by_commit, |workers: &mut [TestWindows], commit: Vec<Change<Row>>| {
            let inserted = commit.iter().filter(|change| change.diff > 0);
            let latest = inserted.map(|change| change.row.at).max();
            let spec = spec(Count, 7, emit);
            let rows = by_worker(commit.iter().map(|change| spec.keyed(change)), workers.len(), route);
            let mut emitted = Vec::new();
            for (windows, mut rows) in workers.iter_mut().zip(rows) {
                windows.apply_left(&mut rows);
                windows.apply_right(&mut latest.map(|at| (0, Observation::Row(at.into()))).into_iter().collect());
                windows.seal(&mut |change| emitted.push((change.row, change.diff)));
            }
            emitted
        });
    }
}
