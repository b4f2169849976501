//! The windows that a row belongs to, and when windows close.

use std::fmt;
use std::marker::PhantomData;

use super::calendar::CalendarLength;
use super::grid::{Grid, RegularGrid};
use super::time::{EventTime, Length};
use crate::data::Schema;
use crate::operators::state::{ClockInterval, Clocks};
use crate::plan::Table;

/// A window: includes its start, excludes its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window<T> {
    /// The start of the window; for a session, the time of its first row.
    pub start: T,
    /// The end of the window; for a session, the time of its last row.
    pub end: T,
}

/// Windows over times of type `T`; see [`tumbling`], [`sliding`] and [`session`].
#[must_use = "windows do nothing until you group a table by them: `table.window(|row| time, ..)`"]
pub struct Windows<T> {
    pub(super) kind: Kind,
    pub(super) policy: ClosePolicy,
    /// Advances event time while no row arrives.
    pub(super) clocks: Clocks,
    /// A mistake in the parameters. It is reported when the pipeline starts.
    pub(super) error: Option<String>,
    time: PhantomData<fn(T)>,
}

/// How rows are assigned to windows.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// Tumbling or sliding windows.
    Grid(Grid),
    /// Sessions, with the gap after which a session ends, in ticks.
    Session(i128),
}

/// When windows close, and what they emit.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ClosePolicy {
    /// How long after its end a window accepts rows, in ticks. `None`: forever.
    pub(super) allowed_lateness: Option<i128>,
    pub(super) emit: EmitMode,
}

/// When the row of a window is in the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum EmitMode {
    /// From its first row on, forever.
    #[default]
    Always,
    /// From its close on, forever.
    OnClose,
    /// From its first row on, until its close.
    UntilClose,
}

/// Windows that follow each other without gap or overlap: each row is in exactly one.
///
/// They start at whole multiples of their length, counted from 1970-01-01T00:00:00 or from 0: windows of an hour start on the
/// hour. [`origin`](Windows::origin) shifts them.
///
/// By default, a window stays open and in memory forever: late rows correct it whenever they arrive.
/// [`allowed_lateness`](Windows::allowed_lateness) sets when it closes.
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
    if let Some(length) = length.calendar() {
        return Windows::by_calendar(length);
    }
    let length = length.ticks();
    Windows::new(length.clone(), length)
}

/// Windows of one length that start every `hop`. If the hop is shorter than the length, they overlap, and a row is in several
/// windows.
///
/// They start at whole multiples of the hop; otherwise they work as [`tumbling`] windows.
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

/// Sessions: rows of a key that follow each other within `max_gap` are in one window, from the first of these rows to the last.
///
/// A session grows with each row. Two sessions merge when a row arrives between them, and a session splits when such a row is
/// removed. Only sessions that change are emitted. With [`allowed_lateness`](Windows::allowed_lateness), a session closes when
/// event time is `max_gap` plus the allowed lateness after its last row.
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
    let (gap, error) = match max_gap.ticks() {
        Ok(gap) if gap < 0 => (0, Some("the gap of a session must not be negative".to_owned())),
        Ok(gap) => (gap, None),
        Err(error) => (0, Some(error)),
    };
    Windows {
        kind: Kind::Session(gap),
        policy: ClosePolicy::default(),
        clocks: Clocks::default(),
        error,
        time: PhantomData,
    }
}

/// The maximal number of windows of a row. More are most likely a mistake in the units.
const MAX_WINDOWS: i128 = 10_000;

impl<T: EventTime> Windows<T> {
    fn new(length: Result<i128, String>, hop: Result<i128, String>) -> Self {
        let (lengths, error) = match (length, hop) {
            (Ok(length), Ok(hop)) if length < 1 || hop < 1 => {
                (None, Some("a window's length and hop must be greater than zero".to_owned()))
            }
            (Ok(length), Ok(hop)) if length / hop > MAX_WINDOWS => {
                (None, Some(format!("the window is more than {MAX_WINDOWS} times as long as its hop")))
            }
            (Ok(length), Ok(hop)) => (Some((length, hop)), None),
            (Err(error), _) | (_, Err(error)) => (None, Some(error)),
        };
        let (length, hop) = lengths.unwrap_or((1, 1));
        let grid = Grid::Regular(RegularGrid { length, hop, origin: 0, earliest: T::at(i128::MIN).ticks() });
        Windows {
            kind: Kind::Grid(grid),
            policy: ClosePolicy::default(),
            clocks: Clocks::default(),
            error,
            time: PhantomData,
        }
    }

    fn by_calendar(length: CalendarLength) -> Self {
        match length.calendar() {
            Ok(calendar) => Windows { kind: Kind::Grid(Grid::Calendar(calendar)), ..Windows::new(Ok(1), Ok(1)) },
            Err(error) => Windows::new(Err(error), Ok(1)),
        }
    }

    /// Sets the start of one window, and thereby of all others. Sessions start with their first row and have no origin: for
    /// them, [`Pipeline::run`](crate::plan::Pipeline::run) returns an error.
    pub fn origin(mut self, origin: T) -> Self {
        match &mut self.kind {
            Kind::Grid(Grid::Regular(grid)) => grid.origin = origin.ticks(),
            Kind::Grid(Grid::Calendar(_)) => {
                self.error = Some("windows by the calendar start at midnight: they have no origin".to_owned());
            }
            Kind::Session(_) => self.error = Some("a session starts with its first row: it has no origin".to_owned()),
        }
        self
    }

    /// Closes each window when event time reaches its end plus `lateness`. Default: windows never close.
    ///
    /// The event time of a table is the latest time of the rows that have arrived so far; of a table that changes, the latest time
    /// of any row up to and including the commit. If the rows are from several sources (a [`concat`](crate::plan::Table::concat) of
    /// arrivals), it is the least time of these, and behind a join [within](crate::operators::Join::within) an interval or
    /// [as of](crate::operators::Join::asof) a time, the least time of both sides: a source or side that is silent holds the windows
    /// up, unless there is an [`idle_timeout`](Windows::idle_timeout). A row with a time far in the future closes all windows before
    /// it: drop impossible times with `filter!`. When a window closes, its rows are dropped from memory, but its result
    /// stays. Rows that arrive for it later are dropped, counted and reported.
    pub fn allowed_lateness(mut self, lateness: impl Length<T>) -> Self {
        match lateness.ticks() {
            Ok(lateness) => self.policy.allowed_lateness = Some(lateness.max(0)),
            Err(error) => self.error = Some(error),
        }
        self
    }

    /// Advances event time by a clock once no row has arrived for `timeout`, so that the last windows close, too.
    /// Default: event time does not advance while no row arrives.
    ///
    /// The clock is any table whose rows have a time of the same type, most often [`Pipeline::clock`](crate::plan::Pipeline::clock).
    /// Event time advances from its value at the last row, by as much as the clock has advanced since then. If event time is the
    /// least time of several sources, parts or sides of a join, those without a row for `timeout` are left out until they have one.
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
    /// // At 1 020 on the clock, event time has advanced from 40 to 60.
    /// assert_eq!(minutes.changes(), [(2, Minute { start: 0, n: 1 }, 1)]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn idle_timeout<C: Schema>(
        mut self,
        timeout: impl Length<T>,
        clock: &Table<C>,
        time: impl Fn(&C) -> T + Send + Sync + 'static,
    ) -> Self {
        match timeout.ticks() {
            Ok(..0) => self.error = Some("an idle timeout must not be negative".to_owned()),
            Ok(timeout) => self.clocks.idle = Some(ClockInterval::new(timeout, clock, time)),
            Err(error) => self.error = Some(error),
        }
        self
    }

    /// Keeps rows that are more than `limit` ahead of a clock from moving event time, so that one wrong time does not close the
    /// windows of all other rows. Default: no limit.
    ///
    /// Such a row is in its window, like any other. It is counted in
    /// [`OperatorStats::ahead`](crate::telemetry::OperatorStats::ahead) and reported. Until the clock has said a time, there is no
    /// limit. The table must be one of arrivals, because a table that changes has no order in which rows move event time.
    ///
    /// ```
    /// use pathway::prelude::*;
    /// use pathway::windows::tumbling;
    ///
    /// # #[derive(Schema)] struct Click { at: i64 }
    /// # #[derive(Schema)] struct Now { second: i64 }
    /// # #[derive(Debug, PartialEq, Schema)] struct Minute { start: i64, n: i64 }
    /// # let pipeline = Pipeline::new();
    /// let clicks = pipeline.commits([vec![], vec![9_999, 40, 70].into_iter().map(|at| Change::insert(Click { at })).collect()]);
    /// let clock = pipeline.commits([vec![Change::insert(Now { second: 35 })]]);
    /// let minutes = clicks
    ///     .window(|c| c.at, tumbling(60).emit_on_close().max_ahead(300, &clock, |now| now.second))
    ///     .reduce(pathway::reducers::Count, |_| (), |w, n| Minute { start: w.start, n })
    ///     .collect();
    /// pipeline.run()?;
    /// // The click of 40 is not late, although one of 9 999 was before it.
    /// assert_eq!(minutes.rows(), [Minute { start: 0, n: 1 }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn max_ahead<C: Schema>(
        mut self,
        limit: impl Length<T>,
        clock: &Table<C>,
        time: impl Fn(&C) -> T + Send + Sync + 'static,
    ) -> Self {
        match limit.ticks() {
            Ok(..0) => self.error = Some("`max_ahead` must not be negative".to_owned()),
            Ok(limit) => self.clocks.ahead = Some(ClockInterval::new(limit, clock, time)),
            Err(error) => self.error = Some(error),
        }
        self
    }

    /// Emits each window once, when it closes; its row never changes. Without
    /// [`allowed_lateness`](Windows::allowed_lateness), a window closes when event time reaches its end.
    ///
    /// The last windows stay open until rows with a later time arrive; [`idle_timeout`](Windows::idle_timeout) closes them.
    pub fn emit_on_close(mut self) -> Self {
        self.policy.emit = EmitMode::OnClose;
        self.policy.allowed_lateness.get_or_insert(0);
        self
    }

    /// Removes the row of a window when it closes: the table has only open windows. Without
    /// [`allowed_lateness`](Windows::allowed_lateness), a window closes when event time reaches its end.
    pub fn remove_on_close(mut self) -> Self {
        self.policy.emit = EmitMode::UntilClose;
        self.policy.allowed_lateness.get_or_insert(0);
        self
    }
}

impl<T> fmt::Debug for Windows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Windows { kind, policy, .. } = self;
        let mut windows = f.debug_struct("Windows");
        windows.field("kind", kind).field("policy", policy);
        windows.finish_non_exhaustive()
    }
}
