//! The order of what a `scan` emits: that of the rows and timers, whatever the number of workers.

/// Where an emitted row belongs in the sequence: event time at that moment; whether a row or a timer has emitted it; and the
/// number of that row, or of the row that created the state of the timer's key.
///
/// A timer fires once event time is after it: behind all rows with that event time, and before those with a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub(super) struct Position(Option<i128>, bool, u64);

impl Position {
    /// Of a row; event time is `now` with this row.
    pub(super) fn of_row(now: Option<i128>, number: u64) -> Self {
        Position(now, false, number)
    }

    /// Of a timer.
    pub(super) fn of_timer(at: i128, created: u64) -> Self {
        Position(Some(at), true, created)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_is_behind_the_rows_up_to_its_time() {
        let order = [
            Position::of_row(None, 1),
            Position::of_row(Some(5), 2),
            Position::of_row(Some(5), 3),
            Position::of_timer(5, 1),
            Position::of_timer(5, 2),
            Position::of_timer(7, 1),
            Position::of_row(Some(8), 4),
        ];
        assert!(order.is_sorted_by(|a, b| a < b), "{order:?}");
    }
}
