//! The state of tumbling and sliding windows: what is left of closed ones, and that restarts change nothing.

use super::*;
use crate::operators::reducers::Count;
use crate::operators::state::{Observation, stamped_step};
use crate::operators::test_rows::{
    Row, Worker, by_worker, check_copies, copy_states, exchange, max_kept, random_commits,
};
use crate::operators::window::grid::RegularGrid;
use crate::operators::window::windows::ClosePolicy;

type TestWindows = GridWindows<Row, i64, i64, (), Count, Row>;

fn spec(allowed_lateness: i128, emit: EmitMode) -> Arc<WindowSpec<Row, i64, i64, (), Count, Row>> {
    Arc::new(WindowSpec {
        time: Arc::new(|row: &Row| row.at),
        key: Arc::new(|row: &Row| row.key),
        arguments: Arc::new(|_: &Row| ()),
        reducers: Arc::new(Count),
        output: Arc::new(|key: &i64, window: Window<i64>, n| Row { key: *key, at: window.start, value: n }),
        policy: ClosePolicy { allowed_lateness: Some(allowed_lateness), emit },
    })
}

/// A group that loses its rows and gets new ones is in `closing` once, like any other.
#[test]
fn closed_windows_leave_no_state() {
    let grid = Grid::Regular(RegularGrid { length: 10, hop: 4, origin: 1, earliest: i128::MIN });
    for emit in [EmitMode::Always, EmitMode::OnClose, EmitMode::UntilClose] {
        let time = WindowTime::new(true, false, None, None);
        let mut windows =
            GridWindows::new(spec(7, emit), grid.clone(), TableProperties::ARRIVALS, time, &"test".into());
        max_kept(random_commits(7, 30), |mut commit, now| {
            windows.receive(&mut commit);
            windows.commit(&mut |_, _| {});
            let mut closing = 0;
            for (closes, slots) in &windows.closing {
                assert!(*closes > now && !slots.is_empty(), "at {now}");
                for (index, slot) in slots.iter().enumerate() {
                    let ((start, _), group) = windows.state.key_value(*slot);
                    assert_eq!((i128::from(*start) + 10 + 7, group.index as usize), (*closes, index), "at {now}");
                }
                closing += slots.len();
            }
            assert_eq!(closing, windows.state.len(), "at {now}");
            closing
        });
    }
}

#[test]
fn an_emptied_group_leaves_no_state() {
    let grid = Grid::Regular(RegularGrid { length: 10, hop: 10, origin: 0, earliest: i128::MIN });
    let mut windows = GridWindows::new(
        spec(1_000, EmitMode::Always),
        grid,
        TableProperties::ARRIVALS,
        WindowTime::new(true, false, None, None),
        &"test".into(),
    );
    let row = |key| Row { key, at: 5, value: 0 };
    windows.receive(&mut vec![Change::insert(row(1))]);
    windows.commit(&mut |_, _| {});
    for key in 0..100 {
        for change in [Change::insert(row(key)), Change::remove(row(key))] {
            windows.receive(&mut vec![change]);
            windows.commit(&mut |_, _| {});
        }
        assert_eq!(windows.closing.values().map(Vec::len).sum::<usize>(), 1);
    }
}

/// The sizes that the documentation states.
#[test]
fn sizes() {
    assert_eq!(size_of::<Group<i64>>(), 24);
}

#[test]
fn windows_are_the_same_after_a_restart() {
    let grid = Grid::Regular(RegularGrid { length: 10, hop: 4, origin: 1, earliest: i128::MIN });
    let route = |((key, ..), _): &GridChange<i64, (), Row>| hash_of(&key.0);
    for emit in [EmitMode::Always, EmitMode::OnClose, EmitMode::UntilClose] {
        let new = |time: WindowTime| {
            GridWindows::new(spec(7, emit), grid.clone(), TableProperties::ARRIVALS, time, &"test".into())
        };
        let commits = |seed| random_commits(seed, 30);
        // In the order of arrival, on workers that are told event time.
        let told = |workers: usize| {
            let step = || {
                let send = new(WindowTime::new(true, true, None, None)).change_to_send();
                stamped_step(workers, |row: &Row| row.at.into(), move |change, put| put(send(change)))
            };
            let operator = || new(WindowTime::new(true, true, None, None));
            (0..workers).map(|_| Worker { step: step(), operator: operator() }).collect::<Vec<_>>()
        };
        let route_stamped = |(row, worker, _): &Stamped<GridChange<i64, (), Row>>| row.as_ref().map_or(*worker, route);
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
            let rows = by_worker(commit.into_iter().map(workers[0].change_to_send()), workers.len(), route);
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
