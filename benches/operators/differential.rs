//! The same in differential-dataflow.

use std::time::{Duration, Instant};

use differential_dataflow::input::InputSession;
use differential_dataflow::operators::CountTotal;

use super::{Commits, Operator, Row};

/// Runs a dataflow over the commits, one after the other; nothing where it has no such operator.
pub(super) fn play(operator: Operator, commits: Commits) -> Option<Duration> {
    operator.has_counterpart().then(|| run(operator, commits))
}

fn run(operator: Operator, commits: Commits) -> Duration {
    timely::execute_directly(move |worker| {
        let mut input = InputSession::<u64, Row, isize>::new();
        let probe = worker.dataflow::<u64, _, _>(|scope| {
            let rows = input.to_collection(scope);
            let side = |parity| rows.clone().filter(move |(_, number): &Row| number % 2 == parity);
            match operator {
                Operator::Reduce => rows.map(|(key, _)| key).count_total().probe().0,
                Operator::Max => {
                    let greatest = |_: &i64, group: &[(&i64, isize)], out: &mut Vec<(i64, isize)>| {
                        out.extend(group.last().map(|(number, _)| (**number, 1)));
                    };
                    rows.reduce(greatest).probe().0
                }
                Operator::Distinct => rows.distinct().probe().0,
                Operator::Join => side(0).join_map(side(1), |key, _, number| (*key, *number)).probe().0,
                Operator::Semi => side(0).semijoin(side(1).map(|(key, _)| key).distinct()).probe().0,
                Operator::Window => rows.map(|(key, number)| (key, number / 5)).count_total().probe().0,
                _ => unreachable!("{operator:?} has no counterpart"),
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
