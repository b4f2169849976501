//! The event time of the table of a join by time (`within` or `asof`): the least of the latest time of its own rows and those of
//! both sides. Sides that have ended, or are idle, are left out.

use pathway::Running;
use pathway::prelude::*;
use pathway::reducers::Sum;
use pathway::time::Timed;
use pathway::windows::{Windows, session, tumbling};

use super::check::{
    Commits, Setting, all_workers, assert_agrees, few_workers, label, same_by_commit, with_all_workers,
};
use super::event_time::{EventTime, Second, clock, ticks};
use super::history::seeds;
use super::recompute::{Rows, difference};
use crate::support::{random::Random, wait_for};

#[derive(Clone, Debug, Schema)]
struct Event {
    at: i64,
    id: i64,
    city: i64,
}

/// The ids of both rows, and the time of the left one if there is one, else of the right one.
#[derive(Clone, Debug, Schema)]
struct Pair {
    left: i64,
    right: i64,
    at: i64,
}

type Line = (i64, i64, i64);

fn pair(left: Option<&Event>, right: Option<&Event>) -> Pair {
    let id = |event: Option<&Event>| event.map_or(0, |event| event.id);
    Pair { left: id(left), right: id(right), at: left.or(right).map_or(0, |event| event.at) }
}

fn line(pair: &Pair) -> Line {
    (pair.left, pair.right, pair.at)
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Inner,
    Left,
    Full,
    Asof,
}

const KINDS: [Kind; 4] = [Kind::Inner, Kind::Left, Kind::Full, Kind::Asof];

/// The greatest distance of the rows that a join within an interval pairs; the right row is not after the left one.
const REACH: i64 = 5;

impl Kind {
    fn table(self, left: &Table<Event>, right: &Table<Event>) -> Table<Pair> {
        let join = left.join(right).on(|l| l.city, |r| r.city);
        let within = |join: pathway::operators::Join<Event, Event, i64>| join.within(|l| l.at, |r| r.at, -REACH..=0);
        match self {
            Kind::Inner => within(join).inner(|l, r| pair(Some(l), Some(r))),
            Kind::Left => within(join).left(|l, r| pair(Some(l), r)),
            Kind::Full => within(join).full(pair),
            Kind::Asof => join.asof(|l| l.at, |r| r.at).left(|l, r| pair(Some(l), r)),
        }
    }

    /// By its definition.
    fn recompute(self, left: &[Event], right: &[Event]) -> Rows<Line> {
        let is_match =
            |l: &Event, r: &Event| l.city == r.city && r.at <= l.at && (self == Kind::Asof || r.at >= l.at - REACH);
        let mut pairs = Vec::new();
        for l in left {
            let mut matches: Vec<_> = right.iter().filter(|r| is_match(l, r)).collect();
            matches.sort_by_key(|r| (r.at, r.id));
            if self == Kind::Asof {
                matches.drain(..matches.len().saturating_sub(1));
            }
            if matches.is_empty() && self != Kind::Inner {
                pairs.push(pair(Some(l), None));
            }
            pairs.extend(matches.into_iter().map(|r| pair(Some(l), Some(r))));
        }
        let is_alone = |r: &&Event| !left.iter().any(|l| is_match(l, r));
        let alone = right.iter().filter(|_| self == Kind::Full).filter(is_alone);
        pairs.extend(alone.map(|r| pair(None, Some(r))));
        pairs.iter().map(|pair| (line(pair), 1)).collect()
    }
}

/// Event time by its definition.
struct JoinTime {
    own: EventTime,
    sides: [SideTime; 2],
    now: Option<i64>,
    tick: Option<i64>,
}

#[derive(Default)]
struct SideTime {
    latest: Option<i64>,
    /// The clock when its last row arrived.
    heard: Option<i64>,
    is_idle: bool,
}

impl JoinTime {
    fn new(idle_timeout: Option<i64>) -> Self {
        JoinTime { own: EventTime::new(idle_timeout), sides: Default::default(), now: None, tick: None }
    }

    /// Event time at the end of a commit with these times of the join's rows, these times of the rows of each side that has not
    /// ended, and this tick.
    fn commit(&mut self, own: Vec<i64>, sides: [Option<Vec<i64>>; 2], tick: Option<i64>) -> Option<i64> {
        self.tick = self.tick.max(tick);
        let mut least = self.own.commit(own, tick);
        for (side, times) in self.sides.iter_mut().zip(sides) {
            let Some(times) = times else { continue };
            if let Some(latest) = times.into_iter().max() {
                let before = side.latest.filter(|_| !side.is_idle);
                *side = SideTime { latest: before.max(Some(latest)), ..SideTime::default() };
            }
            if let (Some(timeout), Some(tick)) = (self.own.idle_timeout, self.tick) {
                side.is_idle |= tick - *side.heard.get_or_insert(tick) >= timeout;
            }
            if !side.is_idle {
                least = least.min(side.latest);
            }
        }
        self.now = self.now.max(least);
        self.now
    }
}

type Side = Vec<Vec<Event>>;

/// Commits of a side. Times mostly advance, and for some commits the side is silent.
fn side(random: &mut Random, ahead: i64, first_id: i64) -> Side {
    let (mut now, mut id) = (ahead, first_id);
    let (commits, silence) = (8 + random.below(18), random.below(16));
    let event = |random: &mut Random| {
        now += random.pick(&[0, 0, 1, 2, 4]);
        id += 1;
        Event { at: now + random.pick(&[0, 0, 0, -1, -3]), id, city: random.pick(&[1, 2]) }
    };
    let mut event = event;
    let commit = |commit| {
        let rows = if (silence..silence + 5).contains(&commit) { 0 } else { random.below(4) };
        (0..rows).map(|_| event(random)).collect()
    };
    (0..commits).map(commit).collect()
}

fn table(pipeline: &Pipeline, side: &Side) -> Table<Event> {
    pipeline.commits(side.iter().map(|commit| commit.iter().cloned().map(Change::insert).collect()))
}

/// Checks a policy of the table of a join, behind operators without state. `is_there` says whether a row with a time is in the
/// result at an event time.
fn check(case: &str, shape: impl Fn(Timed<Pair, i64>) -> Table<Pair>, is_there: impl Fn(i64, Option<i64>) -> bool) {
    let cases = KINDS.into_iter().flat_map(|kind| [(kind, None), (kind, Some(4))]);
    for (seed, (kind, idle_timeout)) in seeds().into_iter().flat_map(|seed| cases.clone().map(move |case| (seed, case)))
    {
        let case = label(&format!("{case}, {kind:?}, idle after {idle_timeout:?}"), seed);
        let mut random = Random::new(seed ^ 0x101);
        let ahead = random.pick(&[-15, 0, 15]);
        let (left, right) = (side(&mut random, ahead, 0), side(&mut random, 0, 1_000));
        // One more, in which all sides have ended.
        let commits = left.len().max(right.len()) + 1;
        let ticks = ticks(seed, commits);
        let seen = with_all_workers(&case, |workers| {
            let pipeline = Pipeline::new();
            let clock = clock(&pipeline, &ticks);
            let joined = kind.table(&table(&pipeline, &left), &table(&pipeline, &right));
            let joined = joined.filter(|_| true).select(Pair::clone).flatten(|pair| [pair.clone()]);
            let timed = joined.timed(|pair| pair.at);
            let timed = match idle_timeout {
                Some(timeout) => timed.idle_timeout(timeout, &clock, |second: &Second| second.at),
                None => timed,
            };
            let seen = shape(timed).collect();
            pipeline.start_with(workers).and_then(Running::join).unwrap_or_else(|error| panic!("{case}: {error}"));
            same_by_commit(&case, &[seen], commits, line)
        });
        let (mut rows, mut time) = ([Vec::new(), Vec::new()], JoinTime::new(idle_timeout));
        let (mut joined, mut shown) = (Rows::new(), Rows::new());
        let expected: Commits<Line> = (0..commits)
            .map(|commit| {
                let sides = [left.get(commit), right.get(commit)];
                let times = sides.map(|side| side.map(|rows| rows.iter().map(|row| row.at).collect()));
                rows.iter_mut().zip(sides).for_each(|(rows, side)| rows.extend(side.into_iter().flatten().cloned()));
                let before = std::mem::replace(&mut joined, kind.recompute(&rows[0], &rows[1]));
                let changes = difference(&joined, &before);
                let own = changes.iter().filter(|(_, diff)| *diff > 0).map(|((.., at), _)| *at).collect();
                let now = time.commit(own, times, ticks[commit]);
                let there = joined.iter().filter(|((.., at), _)| is_there(*at, now));
                let before = std::mem::replace(&mut shown, there.map(|(row, n)| (*row, *n)).collect());
                difference(&shown, &before)
            })
            .collect();
        assert_agrees(&case, &seen, expected, &ticks);
    }
}

#[test]
fn policies_wait_for_both_sides() {
    check("forget", |rows| rows.forget(6), |at, now| now.is_none_or(|now| at + 6 >= now));
    check("buffer", |rows| rows.buffer(2), |at, now| now.is_some_and(|now| at + 2 <= now));
}

#[derive(Clone, Debug, PartialEq, Schema)]
struct Closed {
    from: i64,
    left: i64,
    right: i64,
}

/// The closed windows: the sums of the ids of both sides.
fn closed(pairs: &Table<Pair>, windows: Windows<i64>) -> Table<Closed> {
    let sums = pairs.window(|pair| pair.at, windows);
    sums.reduce((Sum, Sum), |pair| (pair.left, pair.right), |w, (left, right)| Closed { from: w.start, left, right })
}

fn event(at: i64) -> Event {
    Event { at, id: at, city: 1 }
}

fn events(pipeline: &Pipeline, commits: &[&[i64]]) -> Table<Event> {
    table(pipeline, &commits.iter().map(|times| times.iter().copied().map(event).collect()).collect())
}

/// One side has sent all rows before the other one has sent its first ones.
#[test]
fn no_correction_of_a_closed_window_is_dropped() {
    const LAST: i64 = 99;
    for (kind, is_left_fast, workers) in
        KINDS.into_iter().flat_map(|kind| [true, false].map(|fast| all_workers().map(|n| (kind, fast, n)))).flatten()
    {
        let case = format!("{kind:?}, the left side is fast: {is_left_fast}, {workers} workers");
        let fast: Side = vec![(0..=LAST).step_by(3).map(event).collect()];
        let slow: Side = (1..=LAST).step_by(2).map(|at| vec![event(at)]).collect();
        // The end of a source must not be what closes its windows.
        let idle = slow.iter().map(|_| Vec::new());
        let fast: Side = fast.into_iter().chain(idle).collect();
        let (left, right) = if is_left_fast { (fast, slow) } else { (slow, fast) };
        let pipeline = Pipeline::new();
        let pairs = kind.table(&table(&pipeline, &left), &table(&pipeline, &right));
        // A right row without a left row waits for left rows that are later.
        let late = if kind == Kind::Full { REACH } else { 0 };
        let tens = closed(&pairs, tumbling(10).allowed_lateness(late).emit_on_close()).collect();
        let sessions =
            closed(&pairs.filter(|pair| pair.at / 10 % 2 == 0), session(4).allowed_lateness(late).emit_on_close());
        let sessions = sessions.collect();
        let stats = pipeline.start_with(workers).and_then(Running::join).unwrap();

        assert!(stats.operators.iter().all(|operator| operator.late == 0), "{case}: {:?}", stats.operators);
        let pairs = kind.recompute(&left.concat(), &right.concat());
        let sum = |from: i64| {
            let of_window = pairs.keys().filter(|(.., at)| (from..from + 10).contains(at));
            of_window.fold(Closed { from, left: 0, right: 0 }, |sum, (left, right, _)| Closed {
                left: sum.left + left,
                right: sum.right + right,
                ..sum
            })
        };
        let expected: Vec<_> = (0..90).step_by(10).map(sum).collect();
        assert_eq!(tens.rows(), expected, "{case}");
        assert!(sessions.rows().len() >= 4, "{case}: {:?}", sessions.rows());
        let commits = tens.changes().iter().map(|(commit, ..)| *commit).collect::<Vec<_>>();
        assert!(commits.windows(2).all(|two| two[0] < two[1]), "{case}: closed in the commits {commits:?}");
    }
}

/// The commits in which windows of ten close, with their starts.
fn closes(pipeline: Pipeline, pairs: &Table<Pair>, clock: Option<&Table<Second>>, workers: Setting) -> Vec<(u64, i64)> {
    let mut windows = tumbling(10).emit_on_close();
    if let Some(clock) = clock {
        windows = windows.idle_timeout(20, clock, |second| second.at);
    }
    let seen = closed(pairs, windows).collect();
    pipeline.start_with(workers).and_then(Running::join).unwrap();
    seen.changes().into_iter().map(|(commit, row, _)| (commit, row.from)).collect()
}

#[test]
fn a_side_that_has_ended_holds_nothing_up() {
    for (kind, workers) in [Kind::Left, Kind::Asof].into_iter().flat_map(|kind| few_workers().map(|n| (kind, n))) {
        let pipeline = Pipeline::new();
        let (left, right) = (events(&pipeline, &[&[7, 12], &[25], &[31]]), events(&pipeline, &[&[5]]));
        let pairs = kind.table(&left, &right);
        assert_eq!(closes(pipeline, &pairs, None, workers), [(1, 0), (1, 10), (2, 20)], "{kind:?}");
    }
}

#[test]
fn a_silent_side_holds_event_time_until_it_is_idle() {
    const LEFT: &[&[i64]] = &[&[5], &[12], &[13], &[14], &[21]];
    const SILENT: &[&[i64]] = &[&[], &[], &[], &[], &[]];
    for (kind, workers) in [Kind::Left, Kind::Asof].into_iter().flat_map(|kind| few_workers().map(|n| (kind, n))) {
        let pipeline = Pipeline::new();
        let pairs = kind.table(&events(&pipeline, LEFT), &events(&pipeline, SILENT));
        // Not before both have ended.
        assert_eq!(closes(pipeline, &pairs, None, workers), [(5, 0), (5, 10)], "{kind:?}");

        let pipeline = Pipeline::new();
        let clock = clock(&pipeline, &[Some(1_000), Some(1_010), None, Some(1_020), None]);
        let pairs = kind.table(&events(&pipeline, LEFT), &events(&pipeline, SILENT));
        assert_eq!(closes(pipeline, &pairs, Some(&clock), workers), [(3, 0), (4, 10)], "{kind:?}");
    }
}

/// A side whose rows come from an operator that keeps them until the end of a commit ends with the sources of that operator.
#[test]
fn a_side_ends_with_all_of_its_sources() {
    for workers in few_workers() {
        let pipeline = Pipeline::new();
        let left = events(&pipeline, &[&[7], &[25], &[31], &[42], &[55]]);
        let right = events(&pipeline, &[&[5], &[6]]).concat(&events(&pipeline, &[&[5], &[6], &[8]]));
        let latest = right.group_by(|e| e.city).reduce(pathway::reducers::Max, |e| e.at, |_, at| event(at));
        let pairs = Kind::Left.table(&left, &latest);
        assert_eq!(closes(pipeline, &pairs, None, workers), [(3, 0), (3, 20), (3, 30), (4, 40)], "{workers} workers");
    }
}

#[test]
fn each_source_of_a_side_counts() {
    for workers in few_workers() {
        let pipeline = Pipeline::new();
        let left = events(&pipeline, &[&[7, 25], &[31], &[42]]).concat(&events(&pipeline, &[&[], &[3], &[11]]));
        let right = events(&pipeline, &[&[50], &[], &[51]]);
        let pairs = Kind::Left.table(&left, &right);
        assert_eq!(closes(pipeline, &pairs, None, workers), [(2, 0), (3, 10), (3, 20), (3, 30)], "{workers} workers");
    }
}

/// The rows of one source come in one order, whichever side they are on.
#[test]
fn parts_of_one_source_are_one_input() {
    for workers in few_workers() {
        let pipeline = Pipeline::new();
        let all = events(&pipeline, &[&[5], &[12], &[25], &[26]]);
        let pairs = Kind::Left.table(&all, &all.filter(|event| event.at > 1_000));
        assert_eq!(closes(pipeline, &pairs, None, workers), [(1, 0), (2, 10)], "{workers} workers");
    }
}

#[test]
fn a_join_of_a_join_waits_for_all_of_them() {
    for workers in few_workers() {
        let pipeline = Pipeline::new();
        let (a, b) = (events(&pipeline, &[&[5, 42], &[], &[], &[]]), events(&pipeline, &[&[], &[4], &[23], &[]]));
        let c = events(&pipeline, &[&[50], &[], &[], &[51]]);
        let inner = Kind::Left.table(&a, &b).select(|pair| Event { at: pair.at, id: pair.right, city: 1 });
        let pairs = Kind::Asof.table(&inner, &c);
        assert_eq!(closes(pipeline, &pairs, None, workers), [(2, 0)], "{workers} workers");
        // Parts of one table have its inputs.
        let pipeline = Pipeline::new();
        let (left, right) = (events(&pipeline, &[&[5, 42], &[], &[]]), events(&pipeline, &[&[], &[12], &[]]));
        let pairs = Kind::Left.table(&left, &right);
        let pairs = pairs.filter(|pair| pair.at < 20).concat(&pairs.filter(|pair| pair.at >= 20));
        assert_eq!(closes(pipeline, &pairs, None, workers), [(1, 0)], "{workers} workers");
    }
}

/// Times of another type cannot be compared with those of the join.
#[test]
fn times_of_another_type_wait_for_nothing() {
    let pipeline = Pipeline::new();
    let pairs = Kind::Left.table(&events(&pipeline, &[&[5], &[12], &[]]), &events(&pipeline, &[&[], &[], &[]]));
    let time = |pair: &Pair| DateTimeUtc::from_second(pair.at).unwrap();
    let tens = pairs.window(time, tumbling(10.seconds()).emit_on_close());
    let seen = tens.reduce(Sum, |pair| pair.left, |_, left| Closed { from: 0, left, right: 0 }).collect();
    pipeline.run().unwrap();
    assert_eq!(seen.changes().iter().map(|(commit, ..)| *commit).collect::<Vec<_>>(), [1]);
}

#[test]
fn static_tables_and_ends_while_the_pipeline_runs() {
    for workers in few_workers() {
        let pipeline = Pipeline::new();
        let fixed = pipeline.rows([event(3)]);
        let ((feed, live), (other, ending)) = (pipeline.input::<Event>(), pipeline.input::<Event>());
        let tens = |pairs: &Table<Pair>| closed(pairs, tumbling(10).emit_on_close()).collect();
        let with_fixed = tens(&Kind::Left.table(&live, &fixed));
        let with_ending = tens(&Kind::Asof.table(&live, &ending));
        let running = pipeline.start_with(workers).unwrap();
        [5, 25].map(event).into_iter().for_each(|event| feed.insert(event));
        other.insert(event(4));
        other.commit();
        feed.commit();
        assert_eq!((with_fixed.rows().len(), with_ending.rows().len()), (1, 0));
        drop(other);
        wait_for("the window", || with_ending.rows().len() == 1);
        drop(feed);
        running.join().unwrap();
        assert_eq!(with_fixed.rows(), [Closed { from: 0, left: 5, right: 3 }]);
        assert_eq!(with_ending.rows(), [Closed { from: 0, left: 5, right: 4 }]);
    }
}
