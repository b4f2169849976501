//! The rows of a table of arrivals on their way to several workers, each with event time before it.

use super::jump_reports::JumpReports;
use super::row_event_time::{RowStep, RowTimes, by_row};
use crate::data::{Change, Schema};
use crate::dataflow::{Changes, Item, Stream};
use crate::plan::Build;

/// What a worker receives: an item with event time before it, or event time after all items so far. The number is that of the
/// worker for which the event time is.
pub(crate) type Stamped<D> = (Option<D>, u64, Option<i128>);

/// Gives each change of a table the event time before it. `items` makes the items of a change that are sent to the workers.
pub(crate) fn stamped<R: Schema, D: Item>(
    build: &mut Build<'_>,
    changes: Changes<R>,
    name: &str,
    times: RowTimes<'_, R, impl Fn(&R) -> Option<i128> + 'static>,
    reports: JumpReports,
    items: impl Fn(Change<R>, &mut dyn FnMut(D)) + 'static,
) -> Stream<Stamped<D>> {
    let step = stamps(build.dataflow.workers(), items);
    by_row(build, changes, name, times, reports, step)
}

/// The step of [`stamped`].
pub(super) fn stamps<R, D: Item>(
    workers: u64,
    items: impl Fn(Change<R>, &mut dyn FnMut(D)) + 'static,
) -> impl FnMut(RowStep<R>, &mut Vec<Stamped<D>>) + 'static {
    // After a restart it is announced again, which changes nothing.
    let mut announced = None;
    move |step, stamped| match step {
        RowStep::Next { change: Some(change), before, .. } => {
            items(change, &mut |item| stamped.push((Some(item), 0, before)));
        }
        RowStep::Next { change: None, .. } => {}
        RowStep::End { now } if now > announced => {
            announced = now;
            stamped.extend((0..workers).map(|worker| (None, worker, now)));
        }
        RowStep::End { .. } => {}
    }
}
