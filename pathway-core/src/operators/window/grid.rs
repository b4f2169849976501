//! Windows whose starts do not depend on the rows, and which of them a row belongs to.

use super::calendar::Calendar;

/// Windows whose starts do not depend on the rows.
#[derive(Clone, Debug)]
pub(super) enum Grid {
    Regular(RegularGrid),
    Calendar(Calendar),
}

/// Regular windows, in ticks.
#[derive(Clone, Copy, Debug)]
pub(super) struct RegularGrid {
    pub(super) length: i128,
    pub(super) hop: i128,
    pub(super) origin: i128,
    /// The earliest time that the type of time has.
    pub(super) earliest: i128,
}

impl Grid {
    /// The length of a window, in ticks; of calendar windows, that of one of them.
    pub(super) fn length(&self) -> i128 {
        match self {
            Grid::Regular(grid) => grid.length,
            Grid::Calendar(calendar) => calendar.end(calendar.start(0)) - calendar.start(0),
        }
    }

    /// The end of the window that starts at `start`, or of the one that would start before the earliest time.
    pub(super) fn end(&self, start: i128) -> i128 {
        match self {
            Grid::Regular(grid) => start - remainder(start - grid.origin, grid.hop) + grid.length,
            Grid::Calendar(calendar) => calendar.end(start),
        }
    }

    /// The starts of the windows that contain a time, in ascending order. Of the windows that would start before the earliest
    /// time, there is only the last one, and it starts there.
    pub(super) fn starts(&self, time: i128) -> impl Iterator<Item = i128> + use<> {
        let (first, last, hop, earliest) = match self {
            Grid::Regular(RegularGrid { length, hop, origin, earliest }) => {
                let last = time - remainder(time - origin, *hop);
                let first = last - quotient(last - (time - length + 1), *hop).max(-1) * hop;
                (first, last, *hop, *earliest)
            }
            Grid::Calendar(calendar) => {
                let start = calendar.start(time);
                (start, start, 1, i128::MIN)
            }
        };
        let starts = (0..).map(move |n| first + n * hop).take_while(move |start| *start <= last);
        starts.filter(move |start| start + hop > earliest)
    }
}

/// The remainder of a Euclidean division. Nearly all ticks fit 64 bits, with which a division takes a fifth of the time.
fn remainder(ticks: i128, by: i128) -> i128 {
    match (i64::try_from(ticks), i64::try_from(by)) {
        (Ok(ticks), Ok(by)) if by > 0 => ticks.rem_euclid(by).into(),
        _ => ticks.rem_euclid(by),
    }
}

/// The quotient, in the same way.
fn quotient(ticks: i128, by: i128) -> i128 {
    match (i64::try_from(ticks), i64::try_from(by)) {
        (Ok(ticks), Ok(by)) if by > 0 => ticks.div_euclid(by).into(),
        _ => ticks.div_euclid(by),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_division_is_the_same_with_64_bits() {
        let ticks =
            [i128::from(i64::MIN), i64::MIN as i128 - 1, -7, -1, 0, 1, 7, i64::MAX.into(), i64::MAX as i128 + 1];
        for (ticks, by) in ticks.into_iter().flat_map(|ticks| [1, 3, 7, 1 << 70].map(|by| (ticks, by))) {
            assert_eq!(remainder(ticks, by), ticks.rem_euclid(by), "{ticks} by {by}");
            assert_eq!(quotient(ticks, by), ticks.div_euclid(by), "{ticks} by {by}");
        }
    }

    #[test]
    fn windows_of_a_time() {
        for (length, hop, origin) in [(10, 10, 0), (10, 5, 0), (10, 3, 1), (7, 3, -2), (3, 7, 0), (1, 1, 5)] {
            let grid = Grid::Regular(RegularGrid { length, hop, origin, earliest: i128::MIN });
            for time in -40..40 {
                let expected: Vec<_> = (-200..200)
                    .map(|n| origin + n * hop)
                    .filter(|start| *start <= time && time < *start + length)
                    .collect();
                let starts: Vec<_> = grid.starts(time).collect();
                assert_eq!(starts, expected, "{grid:?}, {time}");
            }
        }
    }
}
