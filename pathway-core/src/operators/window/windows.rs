//! Which windows a row belongs to, and what becomes of windows in the course of event time.

use std::marker::PhantomData;

use super::time::{EventTime, Length};
use crate::data::Schema;
use crate::operators::state::event_time::Clock;
use crate::plan::Table;

/// One window: from its start, which belongs to it, to its end, which does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window<T> {
    /// Where it begins.
    pub start: T,
    /// Where the next one begins; of a session, the time of its last row.
    pub end: T,
}

/// Windows of one length, by times `T`; see [`tumbling`] and [`sliding`].
#[must_use = "windows do nothing until a table is grouped by them: `table.window(|row| time, ..)`"]
pub struct Windows<T> {
    pub(super) kind: Kind,
    pub(super) policy: Policy,
    /// What event time goes on by while no row comes.
    pub(super) clock: Option<Clock>,
    /// What is wrong with the lengths, for the pipeline's start to tell.
    pub(super) mistake: Option<String>,
    time: PhantomData<fn(T)>,
}

/// How rows are put into windows.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Grid(Grid),
    /// Sessions, which end when no row comes for longer than this, in ticks.
    Session(i128),
}

/// Where windows lie, in ticks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    pub(super) length: i128,
    pub(super) hop: i128,
    pub(super) origin: i128,
    /// The first time there is.
    pub(super) earliest: i128,
}

/// What becomes of windows in the course of event time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Policy {
    /// How long behind its end a window takes rows, in ticks; `None`: for ever.
    pub(super) allowed_lateness: Option<i128>,
    pub(super) shows: Shows,
}

/// When the row of a window is in the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Shows {
    /// From its first row on, for ever.
    #[default]
    Always,
    /// From its closing on.
    OnceClosed,
    /// Until its closing.
    WhileOpen,
}

/// Windows that follow each other without a gap: each row is in exactly one.
///
/// They begin at whole multiples of their length, counted from 1970-01-01T00:00:00 or from 0: those of an hour begin at the
/// full hour, [`origin`](Windows::origin) moves them.
///
/// Without further words a window stays open, and in memory, for ever: late rows correct it whenever they come.
/// [`allowed_lateness`](Windows::allowed_lateness) says when it closes.
///
/// ```
/// use pathway::prelude::*;
/// use pathway::windows::tumbling;
///
/// #[derive(Schema)]
/// struct Click { at: i64 }
///
/// #[derive(Debug, PartialEq, Schema)]
/// struct Minute { start: i64, n: i64 }
///
/// let pipeline = Pipeline::new();
/// let clicks = pipeline.rows([3, 59, 60].map(|at| Click { at }));
/// let minutes = clicks
///     .window(|c| c.at, tumbling(60))
///     .reduce(pathway::reducers::Count, |_| (), |w, n| Minute { start: w.start, n })
///     .collect();
/// pipeline.run()?;
/// assert_eq!(minutes.rows(), [Minute { start: 0, n: 2 }, Minute { start: 60, n: 1 }]);
/// # Ok::<(), pathway::Error>(())
/// ```
pub fn tumbling<T: EventTime>(length: impl Length<T>) -> Windows<T> {
    let length = length.ticks();
    Windows::new(length.clone(), length)
}

/// Windows of one length, one of which begins at each `hop`: where the hop is shorter than the length, they overlap, and
/// a row is in several.
///
/// They begin at whole multiples of the hop; else as [`tumbling`].
///
/// ```
/// use pathway::prelude::*;
/// use pathway::windows::sliding;
///
/// #[derive(Schema)]
/// struct Click { at: i64 }
///
/// #[derive(Debug, PartialEq, Schema)]
/// struct Count { start: i64, n: i64 }
///
/// let pipeline = Pipeline::new();
/// let clicks = pipeline.rows([0, 7].map(|at| Click { at }));
/// let counts = clicks
///     .window(|c| c.at, sliding(10, 5))
///     .reduce(pathway::reducers::Count, |_| (), |w, n| Count { start: w.start, n })
///     .collect();
/// pipeline.run()?;
/// let count = |start, n| Count { start, n };
/// assert_eq!(counts.rows(), [count(-5, 1), count(0, 2), count(5, 1)]);
/// # Ok::<(), pathway::Error>(())
/// ```
pub fn sliding<T: EventTime>(length: impl Length<T>, hop: impl Length<T>) -> Windows<T> {
    Windows::new(length.ticks(), hop.ticks())
}

/// Sessions: rows that follow each other within `max_gap` are in one window, which begins with the first of them and ends with
/// the last.
///
/// A session of a key grows with each row, two become one when a row comes between them, and one becomes two when such a row
/// goes; always only the rows of sessions that change are emitted. It closes ([`allowed_lateness`](Windows::allowed_lateness)) when the
/// event time is `max_gap` and the allowed lateness behind its last row.
///
/// ```
/// use pathway::prelude::*;
/// use pathway::windows::session;
///
/// #[derive(Schema)]
/// struct Click { user: i64, at: i64 }
///
/// #[derive(Debug, PartialEq, Schema)]
/// struct Visit { from: i64, until: i64, clicks: i64 }
///
/// let pipeline = Pipeline::new();
/// let clicks = pipeline.rows([0, 20, 25, 90].map(|at| Click { user: 7, at }));
/// let visits = clicks
///     .window(|c| c.at, session(30))
///     .group_by(|c| c.user)
///     .reduce(pathway::reducers::Count, |_| (), |_, w, clicks| Visit { from: w.start, until: w.end, clicks })
///     .collect();
/// pipeline.run()?;
/// assert_eq!(visits.rows(), [Visit { from: 0, until: 25, clicks: 3 }, Visit { from: 90, until: 90, clicks: 1 }]);
/// # Ok::<(), pathway::Error>(())
/// ```
pub fn session<T: EventTime>(max_gap: impl Length<T>) -> Windows<T> {
    let (gap, mistake) = match max_gap.ticks() {
        Ok(gap) if gap < 0 => (0, Some("the gap of a session must not be less than zero".to_owned())),
        Ok(gap) => (gap, None),
        Err(mistake) => (0, Some(mistake)),
    };
    Windows { kind: Kind::Session(gap), policy: Policy::default(), clock: None, mistake, time: PhantomData }
}

/// How many windows a row is in at most. More are a mistake in the units.
const MOST_WINDOWS: i128 = 10_000;

impl<T: EventTime> Windows<T> {
    fn new(length: Result<i128, String>, hop: Result<i128, String>) -> Self {
        let (lengths, mistake) = match (length, hop) {
            (Ok(length), Ok(hop)) if length < 1 || hop < 1 => {
                (None, Some("a window's length and hop must be greater than zero".to_owned()))
            }
            (Ok(length), Ok(hop)) if length / hop > MOST_WINDOWS => {
                (None, Some(format!("a hop that is more than {MOST_WINDOWS} times shorter than the window")))
            }
            (Ok(length), Ok(hop)) => (Some((length, hop)), None),
            (Err(mistake), _) | (_, Err(mistake)) => (None, Some(mistake)),
        };
        let (length, hop) = lengths.unwrap_or((1, 1));
        let grid = Grid { length, hop, origin: 0, earliest: T::at(i128::MIN).ticks() };
        Windows { kind: Kind::Grid(grid), policy: Policy::default(), clock: None, mistake, time: PhantomData }
    }

    /// Where a window begins, and thereby all others. A session begins with its first row: it has no origin, and
    /// [`Pipeline::run`](crate::plan::Pipeline::run) says so.
    pub fn origin(mut self, origin: T) -> Self {
        match &mut self.kind {
            Kind::Grid(grid) => grid.origin = origin.ticks(),
            Kind::Session(_) => self.mistake = Some("a session begins with its first row: it has no origin".to_owned()),
        }
        self
    }

    /// Closes each window once the event time has come so far behind its end. Default: never.
    ///
    /// The event time of a table is the latest time of any of its rows up to and including the commit: a commit's own rows are
    /// never late for each other, and a source that is silent holds nobody up. (A row with a time far in the future closes
    /// all windows up to there: `filter!` what can't be.) A window closes in the commit in which the event time reaches its end
    /// plus this length. Its rows are then forgotten; what it has emitted stays. Rows that come for it later are ignored, which
    /// is reported and counted.
    pub fn allowed_lateness(mut self, late: impl Length<T>) -> Self {
        match late.ticks() {
            Ok(late) => self.policy.allowed_lateness = Some(late.max(0)),
            Err(mistake) => self.mistake = Some(mistake),
        }
        self
    }

    /// Lets event time go on by a clock once no row has come for so long, so that the last windows close, too.
    /// Default: it stands still while no row comes.
    ///
    /// The clock is any table whose rows have a time of the same kind, most often [`Pipeline::clock`](crate::plan::Pipeline::clock).
    /// Event time goes on from where it was when the last row came: by as much as the clock has since.
    ///
    /// ```
    /// use pathway::prelude::*;
    /// use pathway::windows::tumbling;
    ///
    /// #[derive(Schema)]
    /// struct Click { at: i64 }
    ///
    /// #[derive(Schema)]
    /// struct Now { second: i64 }
    ///
    /// #[derive(Debug, PartialEq, Schema)]
    /// struct Minute { start: i64, n: i64 }
    ///
    /// let pipeline = Pipeline::new();
    /// let clicks = pipeline.commits([vec![Change::insert(Click { at: 40 })]]);
    /// let clock = pipeline.commits([1_000, 1_010, 1_020].map(|second| vec![Change::insert(Now { second })]));
    /// let minutes = clicks
    ///     .window(|c| c.at, tumbling(60).emit_on_close().idle_timeout(5, &clock, |now| now.second))
    ///     .reduce(pathway::reducers::Count, |_| (), |w, n| Minute { start: w.start, n })
    ///     .collect();
    /// pipeline.run()?;
    /// // At 1 020 on the clock, event time has come from 40 to 60.
    /// assert_eq!(minutes.changes(), [(2, Minute { start: 0, n: 1 }, 1)]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn idle_timeout<C: Schema>(
        mut self,
        silence: impl Length<T>,
        clock: &Table<C>,
        time: impl Fn(&C) -> T + Send + Sync + 'static,
    ) -> Self {
        match silence.ticks() {
            Ok(..0) => self.mistake = Some("a silence must not be less than zero".to_owned()),
            Ok(silence) => self.clock = Some(Clock::new(silence, clock, time)),
            Err(mistake) => self.mistake = Some(mistake),
        }
        self
    }

    /// Emits each window once, when it closes, so that its row never changes. Without
    /// [`allowed_lateness`](Windows::allowed_lateness) it closes when the event time has reached its end.
    ///
    /// The last windows stay open until rows of a later time come; [`idle_timeout`](Windows::idle_timeout) closes them.
    pub fn emit_on_close(mut self) -> Self {
        self.policy.shows = Shows::OnceClosed;
        self.policy.allowed_lateness.get_or_insert(0);
        self
    }

    /// Removes the row of a window when it closes: the table has open windows only. Without
    /// [`allowed_lateness`](Windows::allowed_lateness) it closes when the event time has reached its end.
    pub fn remove_on_close(mut self) -> Self {
        self.policy.shows = Shows::WhileOpen;
        self.policy.allowed_lateness.get_or_insert(0);
        self
    }
}

impl Grid {
    /// Where the window ends that begins at `start`, or that would have begun before the first time there is.
    pub(super) fn end(self, start: i128) -> i128 {
        start - (start - self.origin).rem_euclid(self.hop) + self.length
    }

    /// The starts of the windows that a time is in, from the first one on. Of those that would begin before the earliest time,
    /// only the last one is, which begins there.
    pub(super) fn starts(self, time: i128) -> impl Iterator<Item = i128> {
        let Grid { length, hop, origin, earliest } = self;
        let last = time - (time - origin).rem_euclid(hop);
        let first = last - (last - (time - length + 1)).div_euclid(hop).max(-1) * hop;
        let starts = (0..).map(move |n| first + n * hop).take_while(move |start| *start <= last);
        starts.filter(move |start| start + hop > earliest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_of_a_time() {
        for (length, hop, origin) in [(10, 10, 0), (10, 5, 0), (10, 3, 1), (7, 3, -2), (3, 7, 0), (1, 1, 5)] {
            let grid = Grid { length, hop, origin, earliest: i128::MIN };
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
