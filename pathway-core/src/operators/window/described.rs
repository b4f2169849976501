//! Windows and lengths of event time as text, for pictures of a pipeline.

use std::any::TypeId;

use jiff::SignedDuration;

use super::EventTime;
use super::grid::Grid;
use super::windows::{ClosePolicy, EmitMode, Kind};

/// A length of event time: `1h 30m` for dates, the number itself for integers.
pub(in crate::operators) fn length_text<T: EventTime>(ticks: i128) -> String {
    match SignedDuration::try_from_nanos_i128(ticks) {
        Some(length) if TypeId::of::<T>() != TypeId::of::<i64>() => format!("{length:#}"),
        _ => ticks.to_string(),
    }
}

/// Which windows rows are in, and when these close.
pub(super) fn windows<T: EventTime>(kind: &Kind, policy: ClosePolicy) -> Vec<String> {
    let windows = match kind {
        Kind::Grid(Grid::Regular(grid)) if grid.length == grid.hop => {
            format!("tumbling {}", length_text::<T>(grid.length))
        }
        Kind::Grid(Grid::Regular(grid)) => {
            format!("sliding {} every {}", length_text::<T>(grid.length), length_text::<T>(grid.hop))
        }
        Kind::Grid(Grid::Calendar(calendar)) => format!("tumbling {calendar}"),
        Kind::Session(gap) => format!("session with a gap of {}", length_text::<T>(*gap)),
    };
    let lateness = policy.allowed_lateness.map(|lateness| format!("allowed lateness {}", length_text::<T>(lateness)));
    let emitted = match policy.emit {
        EmitMode::Always => None,
        EmitMode::OnClose => Some("emitted on close".to_owned()),
        EmitMode::UntilClose => Some("removed on close".to_owned()),
    };
    [Some(windows), lateness, emitted].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DateTimeUtc;
    use crate::operators::window::{days, session, sliding, tumbling};

    #[test]
    fn windows_are_described_in_the_units_of_their_time() {
        fn check<T: EventTime>(windows: crate::operators::window::Windows<T>, expected: &str) {
            assert_eq!(super::windows::<T>(&windows.kind, windows.policy).join("; "), expected);
        }
        let hour = SignedDuration::from_hours(1);
        check::<DateTimeUtc>(tumbling(hour), "tumbling 1h");
        check::<i64>(tumbling(60), "tumbling 60");
        check::<DateTimeUtc>(sliding(hour, SignedDuration::from_secs(90)), "sliding 1h every 1m 30s");
        check::<DateTimeUtc>(tumbling(days(2)), "tumbling 2 days");
        check::<DateTimeUtc>(tumbling(days(1).in_zone("Europe/Oslo")), "tumbling 1 day in Europe/Oslo");
        let closing = session(SignedDuration::from_secs(30)).allowed_lateness(hour);
        check::<DateTimeUtc>(closing, "session with a gap of 30s; allowed lateness 1h");
    }
}
