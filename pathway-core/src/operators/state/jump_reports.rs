//! Which rows move event time far, for the reports of the rows that are late because of them.

use super::row_event_time::RowEventTime;
use crate::data::{Schema, row_excerpt};
use crate::telemetry::{OperatorContext, OperatorReports};

/// Remembers the last row that has moved event time far, and reports rows that may not move it.
pub(crate) struct JumpReports {
    operator: OperatorContext,
    reports: OperatorReports,
    /// The longest distance that is not far.
    limit: i128,
}

impl JumpReports {
    /// `limit` is the longest distance, in ticks, by which a row may move event time without being remembered.
    pub(crate) fn new(operator: &OperatorContext, limit: i128) -> Self {
        JumpReports { operator: operator.clone(), reports: OperatorReports::new(operator), limit }
    }

    /// A change of a row with this time has arrived. Event time was `before`.
    pub(crate) fn arrived<R: Schema>(
        &mut self,
        row: &R,
        diff: i64,
        event_time: &RowEventTime,
        before: Option<i128>,
        time: i128,
    ) {
        if diff <= 0 || before.is_none_or(|before| time.saturating_sub(before) <= self.limit) {
            return;
        }
        if event_time.is_ahead(time) {
            let what = format_args!(
                "a row is further ahead of the clock than `max_ahead` allows, and does not move event time: {}",
                row_excerpt(row)
            );
            self.reports.ahead(what);
        } else if event_time.now().zip(before).is_some_and(|(now, before)| now.saturating_sub(before) > self.limit) {
            self.operator.set_jump(row_excerpt(row));
        }
    }
}

impl JumpReports {
    /// Event time waits for a source that has no rows.
    pub(crate) fn waiting(&mut self, source: &str) {
        self.reports.waiting(format_args!(
            "event time waits for the source `{source}`, which has had no row while many of other sources have arrived; if this \
             is expected, set `idle_timeout`, which leaves such a source out"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::state::Clocks;
    use crate::operators::test_rows::Row;
    use crate::telemetry::capture::Log;

    #[test]
    fn a_late_row_is_reported_with_the_row_that_moved_event_time() {
        let log = Log::default();
        let _guard = tracing::subscriber::set_default(log.clone());
        let operator = OperatorContext::from("window");
        let (mut jumps, mut reports) = (JumpReports::new(&operator, 10), OperatorReports::new(&operator));
        let mut event_time = RowEventTime::new(&Clocks::default());
        for at in [5, 15, 9_000, 9_010] {
            let row = Row { key: 1, at, value: 2 };
            let before = event_time.arrive(at.into(), 1);
            jumps.arrived(&row, 1, &event_time, before, at.into());
        }
        reports.late(1, format_args!("a row of 20 arrived too late"));
        let lines = log.lines();
        let expected = r#"a row of 20 arrived too late; the last row that moved event time far ahead is {"key":1,"at":9000,"value":2}"#;
        assert!(lines[0].ends_with(expected), "{lines:?}");
    }
}
