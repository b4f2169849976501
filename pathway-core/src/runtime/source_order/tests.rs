//! Sources that are behind, or have not given their first contents, and what is taken of the others meanwhile.

use std::cell::RefCell;
use std::rc::Rc;
use std::thread;

use super::*;
use crate::data::Commit;
use crate::telemetry::capture::Log;

/// What is taken, each by the name of its source and the time at which it was stored.
type Taken = Rc<RefCell<Vec<(&'static str, i64)>>>;

#[derive(Default)]
struct State {
    /// When the messages that wait were stored.
    waiting: Vec<i64>,
    backlog: Option<Backlog>,
    awaits_snapshot: bool,
    can_wait: bool,
}

/// A source whose state a test sets.
#[derive(Clone)]
struct Fake {
    name: &'static str,
    state: Rc<RefCell<State>>,
    taken: Taken,
}

impl Fake {
    fn new(name: &'static str, taken: &Taken, state: State) -> Self {
        Fake { name, state: Rc::new(RefCell::new(state)), taken: Rc::clone(taken) }
    }

    fn stream(name: &'static str, taken: &Taken, backlog: Backlog, waiting: &[i64]) -> Self {
        let state = State { waiting: waiting.to_vec(), backlog: Some(backlog), can_wait: true, ..State::default() };
        Fake::new(name, taken, state)
    }

    fn subject(name: &'static str, taken: &Taken, can_wait: bool) -> Self {
        Fake::new(name, taken, State { waiting: vec![0], can_wait, ..State::default() })
    }

    fn bucket(name: &'static str, taken: &Taken) -> Self {
        Fake::new(name, taken, State { awaits_snapshot: true, ..State::default() })
    }

    fn set(&self, set: impl FnOnce(&mut State)) {
        set(&mut self.state.borrow_mut());
    }
}

impl SourceOperator for Fake {
    fn name(&self) -> &Arc<str> {
        // The log's lines have it.
        Box::leak(Box::new(self.name.into()))
    }

    fn trigger(&self) -> CommitTrigger {
        CommitTrigger::Scheduled(Duration::ZERO)
    }

    fn ingest(&mut self) -> usize {
        self.ingest_until(i64::MAX)
    }

    fn backlog(&self) -> Option<Backlog> {
        self.state.borrow().backlog
    }

    fn has_arrivals(&self) -> bool {
        !self.state.borrow().waiting.is_empty()
    }

    fn next_stored(&mut self) -> Option<i64> {
        self.state.borrow().waiting.first().copied()
    }

    fn ingest_until(&mut self, until: i64) -> usize {
        let waiting = &mut self.state.borrow_mut().waiting;
        let run = waiting.iter().take_while(|stored| **stored <= until).count();
        self.taken.borrow_mut().extend(waiting.drain(..run).map(|stored| (self.name, stored)));
        run
    }

    fn awaits_snapshot(&self) -> bool {
        self.state.borrow().awaits_snapshot
    }

    fn can_wait(&self) -> bool {
        self.state.borrow().can_wait
    }

    fn advance(&mut self, _: Commit) {}

    fn is_finished(&self) -> bool {
        false
    }

    fn close(&mut self) {}
}

/// Sources, and the order in which they are taken.
struct Run {
    sources: Vec<Box<dyn SourceOperator>>,
    order: SourceOrder,
    control: Control,
    taken: Taken,
    log: Log,
}

impl Run {
    fn new<const N: usize>(taken: &Taken, sources: [&Fake; N]) -> Self {
        let sources = Vec::from(sources.map(|source| Box::new(source.clone()) as Box<dyn SourceOperator>));
        let order = SourceOrder::new(&sources);
        Run { order, sources, control: Control::new(), taken: Rc::clone(taken), log: Log::default() }
    }

    /// Returns what is taken, and how long it waits.
    fn ingest(&mut self) -> (Vec<(&'static str, i64)>, Option<Duration>) {
        let Run { sources, order, control, taken, log } = self;
        let wait =
            tracing::subscriber::with_default(log.clone(), || order.ingest(sources, None, control, None, &mut None));
        (taken.take(), wait)
    }

    /// The same, after the wait.
    fn ingest_in_time(&mut self) -> Vec<(&'static str, i64)> {
        let (begin, mut taken) = (Instant::now(), Vec::new());
        while taken.is_empty() {
            let (now, wait) = self.ingest();
            taken = now;
            assert!(begin.elapsed() < PATIENCE * 60, "nothing is taken");
            if taken.is_empty() {
                thread::park_timeout(wait.expect("a wait that ends"));
            }
        }
        assert!(begin.elapsed() >= PATIENCE / 2, "it has not waited");
        taken
    }
}

#[test]
fn backlogs_are_merged_and_nobody_waits_for_a_stream_that_has_caught_up() {
    let taken = Taken::default();
    let a = Fake::stream("a", &taken, Backlog::Queued, &[1, 2, 5]);
    let b = Fake::stream("b", &taken, Backlog::Arriving, &[3, 4, 6, 9]);
    let mut run = Run::new(&taken, [&a, &b]);
    let expected = vec![("a", 1), ("a", 2), ("b", 3), ("b", 4), ("a", 5)];
    // A stream is behind that has nothing here until it delivers again.
    a.set(|state| state.backlog = Some(Backlog::Arriving));
    let (first, wait) = run.ingest();
    assert!(first == expected && wait.is_some_and(|wait| wait <= PATIENCE), "{first:?}, {wait:?}");
    a.set(|state| state.waiting = vec![7, 10]);
    b.set(|state| state.waiting.push(12));
    assert_eq!(run.ingest().0, [("b", 6), ("a", 7), ("b", 9), ("a", 10)]);
    a.set(|state| state.backlog = Some(Backlog::Done));
    assert_eq!(run.ingest(), (vec![("b", 12)], None));
    // Without a backlog, messages are taken as they arrive.
    b.set(|state| (state.backlog, state.waiting) = (Some(Backlog::Done), vec![14]));
    a.set(|state| state.waiting = vec![15]);
    assert_eq!(run.ingest(), (vec![("a", 15), ("b", 14)], None));
    let lines = run.log.lines();
    assert!(matches!(&lines[..], [line] if line.starts_with("INFO pipeline: caught up after ")), "{lines:?}");
}

#[test]
fn a_single_stream_waits_for_nobody() {
    let taken = Taken::default();
    let a = Fake::stream("a", &taken, Backlog::Arriving, &[1]);
    let core = Fake::subject("core", &taken, true);
    assert_eq!(Run::new(&taken, [&a, &core]).ingest(), (vec![("a", 1), ("core", 0)], None));
}

#[test]
fn a_stream_that_delivers_nothing_is_waited_for_once_and_reported() {
    let taken = Taken::default();
    let a = Fake::stream("a", &taken, Backlog::Arriving, &[]);
    let b = Fake::stream("b", &taken, Backlog::Arriving, &[1, 2]);
    let core = Fake::subject("core", &taken, true);
    let mut run = Run::new(&taken, [&a, &b, &core]);
    // Only streams wait.
    assert_eq!(run.ingest().0, [("core", 0)]);
    assert_eq!(run.ingest_in_time(), [("b", 1), ("b", 2)]);
    b.set(|state| state.waiting = vec![3]);
    assert_eq!(run.ingest().0, [("b", 3)]);
    let expected = "WARN a: it is behind, and has delivered nothing for 1 s: messages of other streams are processed without \
                    waiting for older ones of this source";
    assert_eq!(run.log.lines(), [expected]);
}

#[test]
fn a_stop_ends_the_wait() {
    let taken = Taken::default();
    let a = Fake::stream("a", &taken, Backlog::Arriving, &[]);
    let b = Fake::stream("b", &taken, Backlog::Arriving, &[1, 3]);
    let mut run = Run::new(&taken, [&a, &b]);
    assert!(run.ingest().0.is_empty());
    run.control.stop();
    a.set(|state| state.waiting = vec![2]);
    assert_eq!(run.ingest(), (vec![("b", 1), ("a", 2), ("b", 3)], None));
    assert_eq!(run.log.lines(), Vec::<String>::new());
}

#[test]
fn messages_wait_for_the_first_contents_of_all_buckets() {
    let taken = Taken::default();
    let a = Fake::stream("a", &taken, Backlog::Done, &[1]);
    let core = Fake::subject("core", &taken, true);
    let crowded = Fake::subject("crowded", &taken, false);
    let buckets = ["one", "two"].map(|name| Fake::bucket(name, &taken));
    let mut run = Run::new(&taken, [&a, &core, &crowded, &buckets[0], &buckets[1]]);
    let (first, wait) = run.ingest();
    assert!(first == [("crowded", 0)] && wait.is_some_and(|wait| wait <= PATIENCE), "{first:?}, {wait:?}");
    buckets[0].set(|state| (state.awaits_snapshot, state.waiting) = (false, vec![7]));
    assert_eq!(run.ingest().0, [("one", 7)]);
    buckets[1].set(|state| (state.awaits_snapshot, state.waiting) = (false, vec![8]));
    assert_eq!(run.ingest(), (vec![("two", 8), ("a", 1), ("core", 0)], None));
    assert_eq!(run.log.lines(), Vec::<String>::new());
}

#[test]
fn a_bucket_that_delivers_nothing_is_waited_for_once_and_reported() {
    let taken = Taken::default();
    let (core, bucket) = (Fake::subject("core", &taken, true), Fake::bucket("bucket", &taken));
    let mut run = Run::new(&taken, [&core, &bucket]);
    assert_eq!(run.ingest_in_time(), [("core", 0)]);
    core.set(|state| state.waiting = vec![1]);
    assert_eq!(run.ingest(), (vec![("core", 1)], None));
    let expected = "WARN bucket: its first contents are incomplete, and nothing has arrived for 1 s: messages of other sources \
                    are processed without them";
    assert_eq!(run.log.lines(), [expected]);
    // Where nobody waits, there is nothing to report.
    let mut run = Run::new(&taken, [&bucket, &Fake::subject("crowded", &taken, false)]);
    assert_eq!(run.ingest().0, [("crowded", 0)]);
    let begin = Instant::now();
    while let (_, Some(wait)) = run.ingest() {
        assert!(begin.elapsed() < PATIENCE * 60, "the wait does not end");
        thread::park_timeout(wait);
    }
    assert_eq!(run.log.lines(), Vec::<String>::new());
}
