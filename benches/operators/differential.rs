//! The same in differential-dataflow.

use std::time::{Duration, Instant};

use differential_dataflow::input::InputSession;
use differential_dataflow::operators::CountTotal;

use super::{Commits, Operator, Row};

/// Runs a dataflow over the commits, one after the other.
pub(super) fn play(operator: Operator, commits: Commits) -> Duration {
    timely::execute_directly(move |worker| {
        let mut input = InputSession::<u64, Row, isize>::new();
        let probe = worker.dataflow::<u64, _, _>(|scope| {
            let rows = input.to_collection(scope);
            match operator {
                Operator::Reduce => rows.map(|(key, _)| key).count_total().probe().0,
                Operator::Distinct => rows.distinct().probe().0,
                Operator::Join => {
                    let (even, odd) = (
                        rows.clone().filter(|(_, number)| number % 2 == 0),
                        rows.filter(|(_, number)| number % 2 == 1),
                    );
                    even.join_map(odd, |key, _, number| (*key, *number)).probe().0
                }
            }
        });
        let begin = Instant::now();
        for (number, commit) in commits.into_iter().enumerate() {
            commit.into_iter().for_each(|(row, diff)| input.update(row, diff as isize));
            input.advance_to(number as u64 + 1);
            input.flush();
            worker.step_while(|| probe.less_than(input.time()));
        }
        begin.elapsed()
    })
}
