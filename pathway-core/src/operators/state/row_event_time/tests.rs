//! Event time row by row, before and after restarts; and such steps for the tests of operators.

use std::sync::Arc;

use super::*;
use crate::dataflow::copy_state;
use crate::operators::state::stamped::{Stamped, stamps};
use crate::operators::test_rows::Row;

/// The step of [`by_row`], for the changes of a table that is one part and has no clocks.
pub(crate) fn row_step<R: Schema, D: Item>(
    time: impl Fn(&R) -> i128 + 'static,
    step: impl RowOperator<R, D>,
) -> impl StatefulStep<Change<R>, D> {
    RowStepOf(ByRow {
        time: move |row: &R| Some(time(row)),
        part: RowPart::Whole,
        sources: WholeState::default(),
        event_time: RowEventTime::default(),
        reports: JumpReports::new(&"test".into(), i128::MAX),
        step,
        items: PhantomData,
    })
}

/// The step of [`stamped`], for the changes of a table that is one part and has no clocks.
pub(crate) fn stamped_step<R: Schema, D: Item>(
    workers: usize,
    time: impl Fn(&R) -> i128 + 'static,
    items: impl Fn(Change<R>, &mut dyn FnMut(D)) + 'static,
) -> impl StatefulStep<Change<R>, Stamped<D>> {
    row_step(time, stamps(workers as u64, items))
}

struct RowStepOf<S>(S);

impl<S: Stateful> Stateful for RowStepOf<S> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        self.0.states()
    }

    fn loaded(&mut self) {
        self.0.loaded();
    }
}

impl<R: Schema, D: Item, S: StatefulStep<Arrival<R>, D>> StatefulStep<Change<R>, D> for RowStepOf<S> {
    fn run(&mut self, changes: &mut Vec<Change<R>>, items: &mut Vec<D>) {
        self.0.run(&mut changes.drain(..).map(|change| (Some(change), None)).collect(), items);
    }
}

#[test]
fn each_row_moves_event_time() {
    let mut time = RowEventTime::default();
    let before = [(5, 1), (3, 1), (9, -1), (8, 1), (8, 1)].map(|(at, diff)| time.arrive(at, diff));
    assert_eq!(before, [None, Some(5), Some(5), Some(5), Some(8)]);
    time.advance_to(Some(20));
    time.advance_to(Some(10));
    assert_eq!(time.arrive(9, 1), Some(20));
}

#[test]
fn a_clock_advances_it_after_the_timeout() {
    let mut time = RowEventTime::with_lengths(Some(10), None);
    let mut check = |row: Option<i128>, tick, expected| {
        if let Some(row) = row {
            time.arrive(row, 1);
        }
        time.tick_idle(tick);
        assert_eq!(time.now(), expected, "at {tick}");
    };
    check(None, 1_000, None);
    // The timeout begins with the first tick after the row.
    check(Some(50), 1_001, Some(50));
    check(None, 1_010, Some(50));
    check(None, 1_011, Some(60));
    // A clock that is set back has no effect.
    check(None, 900, Some(60));
    check(None, 1_012, Some(61));
    // A late row restarts the timeout, from the current event time.
    check(Some(20), 1_013, Some(61));
    check(None, 1_022, Some(61));
    check(None, 1_023, Some(71));
}

#[test]
fn a_row_from_the_future_does_not_move_it() {
    let mut time = RowEventTime::with_lengths(None, Some(10));
    time.arrive(5, 1);
    time.tick_ahead(100);
    assert!(!time.is_ahead(110) && time.is_ahead(111));
    time.arrive(111, 1);
    assert_eq!(time.now(), Some(5));
    // A clock that is set back has no effect.
    time.tick_ahead(90);
    time.arrive(110, 1);
    assert_eq!(time.now(), Some(110));
}

#[test]
fn it_is_the_same_after_a_restart() {
    for has_parts in [false, true] {
        let seed = fastrand::u64(..);
        println!("seed {seed}");
        let mut random = fastrand::Rng::with_seed(seed);
        // The inputs have other numbers after a restart.
        let new = |first_input: u64| ByRow {
            time: |row: &Row| Some(row.at.into()),
            part: RowPart::ByRow(Arc::new(|row: &Row| row.key as u64)),
            sources: WholeState::new(SourceParts::with_inputs([(0, "a"), (1, "b"), (2, "c")], first_input)),
            event_time: RowEventTime::with_lengths(Some(10), Some(30))
                .with_parts(has_parts.then(|| Parts::expecting(0..3))),
            reports: JumpReports::new(&"test".into(), i128::MAX),
            step: |step: RowStep<Row>, times: &mut Vec<Option<i128>>| {
                if let RowStep::Next { before, after, .. } = step {
                    times.extend([before, after]);
                }
            },
            items: PhantomData,
        };
        let (mut twin, mut copy, mut first_input) = (new(0), new(0), 0);
        for clock in 0..3_000 {
            let mut commit = Vec::new();
            for _ in 0..random.usize(0..4) {
                // Some devices fall silent, and some are ahead.
                let key = random.i64(0..5).min(if clock / 100 % 2 == 0 { 4 } else { 1 });
                let row = Row { key, at: clock + random.i64(-20..40), value: 0 };
                commit.push((Some(Change::insert(row)), None));
            }
            commit.push((None, Some(Signal::Idle(clock.into()))));
            commit.push((None, Some(Signal::Ahead(clock.into()))));
            commit.extend((clock % 1_000 == 900).then_some((None, Some(Signal::Ended(InputId(clock as u64 / 1_000))))));
            let (mut expected, mut times) = (Vec::new(), Vec::new());
            twin.run(&mut commit.clone(), &mut expected);
            for (_, signal) in &mut commit {
                if let Some(Signal::Ended(InputId(input))) = signal {
                    *input += first_input;
                }
            }
            copy.run(&mut commit, &mut times);
            assert_eq!(times, expected, "at {clock}");
            if random.u8(0..10) == 0 {
                first_input = random.u64(0..10);
                let mut next = new(first_input);
                copy_state(&mut copy, &mut next);
                copy = next;
            }
        }
        assert!(copy.event_time.now() > Some(2_900));
    }
}
