//! How long the nodes of a plan run on one worker.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use super::NodeMeter;

/// The clock of one worker: its time counts for the node that runs.
///
/// A node that calls another one does not run meanwhile. Time is read when nodes take turns, which they do by batches.
#[derive(Clone, Debug, Default)]
pub struct Stopwatch(Rc<Turns>);

#[derive(Debug, Default)]
struct Turns {
    /// By their numbers. Number 0 is nobody.
    meters: RefCell<Vec<Arc<NodeMeter>>>,
    /// Whose turn it is, and since when.
    running: Cell<usize>,
    since: Cell<Since>,
    /// How many rows the running one stands for; none: its time does not count.
    weight: Cell<Weight>,
}

/// When a turn has begun.
#[derive(Clone, Copy, Debug)]
struct Since(Instant);

impl Default for Since {
    fn default() -> Self {
        Since(Instant::now())
    }
}

/// For how many times as many rows a time stands.
#[derive(Clone, Copy, Debug)]
struct Weight(u32);

impl Default for Weight {
    fn default() -> Self {
        Weight(1)
    }
}

/// The time of one node on one worker.
#[derive(Clone, Debug, Default)]
pub struct NodeTime {
    stopwatch: Stopwatch,
    number: usize,
}

impl Stopwatch {
    /// The time of a node.
    pub fn node(&self, meter: Arc<NodeMeter>) -> NodeTime {
        let mut meters = self.0.meters.borrow_mut();
        meters.push(meter);
        NodeTime { stopwatch: self.clone(), number: meters.len() }
    }

    /// Ends the turn of the one that runs. Returns which one that was.
    #[inline]
    fn switch(&self, next: usize) -> usize {
        let turns = &*self.0;
        if turns.weight.get().0 > 0 {
            self.charge();
        }
        turns.running.replace(next)
    }

    /// The time since the last turn counts for the one that runs.
    fn charge(&self) {
        let turns = &*self.0;
        let now = Instant::now();
        let Since(since) = turns.since.replace(Since(now));
        let Some(running) = turns.running.get().checked_sub(1) else { return };
        if let Some(meter) = turns.meters.borrow().get(running) {
            let turn = now.saturating_duration_since(since);
            // No turn takes centuries.
            let nanos = turn.as_secs() * 1_000_000_000 + u64::from(turn.subsec_nanos());
            meter.add_busy(nanos * u64::from(turns.weight.get().0));
        }
    }

    /// The time since the last turn counts for nobody.
    fn skip(&self) {
        self.0.since.set(Since(Instant::now()));
    }

    /// Measures a few of many calls with one row each, which stand for the others.
    pub fn sample(&self, rows: usize) -> Sample<'_> {
        Sample { stopwatch: self, weight: self.0.weight.get(), rows, next: 0 }
    }
}

impl NodeTime {
    /// The node runs until the guard is dropped, except while others run.
    #[inline]
    pub fn start(&self) -> Turn<'_> {
        Turn { stopwatch: &self.stopwatch, before: self.stopwatch.switch(self.number) }
    }
}

/// A node's turn.
#[derive(Debug)]
#[must_use = "it ends when it is dropped"]
pub struct Turn<'a> {
    stopwatch: &'a Stopwatch,
    before: usize,
}

impl Drop for Turn<'_> {
    #[inline]
    fn drop(&mut self) {
        self.stopwatch.switch(self.before);
    }
}

/// Calls with one row each, of which few are measured.
#[derive(Debug)]
pub struct Sample<'a> {
    stopwatch: &'a Stopwatch,
    /// The weight of all rows together.
    weight: Weight,
    rows: usize,
    /// The number of the next row.
    next: usize,
}

impl Sample<'_> {
    /// For how many rows one of them is measured.
    const EVERY: usize = 16;

    /// The next call begins.
    #[inline]
    pub fn next(&mut self) {
        let number = self.next;
        self.next += 1;
        if self.weight.0 == 0 {
            return;
        }
        match number % Self::EVERY {
            0 => {
                self.end_group();
                let rows = u32::try_from((self.rows - number.min(self.rows)).min(Self::EVERY)).unwrap_or(1);
                self.stopwatch.0.weight.set(Weight(self.weight.0.saturating_mul(rows)));
            }
            1 => {
                self.stopwatch.charge();
                self.stopwatch.0.weight.set(Weight(0));
            }
            _ => {}
        }
    }

    /// The time so far counts, if the row that was called last was measured.
    fn end_group(&self) {
        match self.stopwatch.0.weight.get().0 {
            0 => self.stopwatch.skip(),
            _ => self.stopwatch.charge(),
        }
    }
}

impl Drop for Sample<'_> {
    fn drop(&mut self) {
        if self.weight.0 > 0 {
            self.end_group();
        }
        self.stopwatch.0.weight.set(self.weight);
    }
}

/// How long a node has run.
#[derive(Debug, Default)]
pub(super) struct BusyTime(super::Counter);

impl BusyTime {
    #[inline]
    pub(super) fn add(&self, nanos: u64) {
        self.0.add(nanos);
    }

    pub(super) fn seconds(&self) -> f64 {
        self.0.get() as f64 / 1e9
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Runs for a while.
    fn work(micros: u64) {
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_micros(micros) {}
    }

    fn node(stopwatch: &Stopwatch) -> (Arc<NodeMeter>, NodeTime) {
        let meter = Arc::<NodeMeter>::default();
        (Arc::clone(&meter), stopwatch.node(meter))
    }

    /// Not less than this, and not more than other programs on the machine explain.
    fn assert_about(meter: &NodeMeter, millis: u64) {
        let busy = meter.busy_seconds() * 1e3;
        assert!(busy >= millis as f64 * 0.99 && busy < millis as f64 + 500.0, "{busy} ms, expected {millis}");
    }

    #[test]
    fn time_counts_for_the_node_that_runs() {
        let stopwatch = Stopwatch::default();
        let ((outer_meter, outer), (inner_meter, inner)) = (node(&stopwatch), node(&stopwatch));
        // Nobody runs.
        work(600_000);
        {
            let _outer = outer.start();
            work(2_000);
            {
                let _inner = inner.start();
                work(600_000);
            }
            work(1_000);
        }
        assert_about(&outer_meter, 3);
        assert_about(&inner_meter, 600);
    }

    #[test]
    fn a_few_rows_are_measured_and_stand_for_the_others() {
        let stopwatch = Stopwatch::default();
        let ((outer_meter, outer), (inner_meter, inner)) = (node(&stopwatch), node(&stopwatch));
        {
            let _outer = outer.start();
            let mut sample = stopwatch.sample(40);
            for row in 0..40 {
                sample.next();
                work(10);
                // Rows that are not measured take time that does not count.
                let measured = row % 16 == 0;
                let _inner = inner.start();
                work(if measured { 500 } else { 50_000 });
            }
            drop(sample);
            work(1_000);
        }
        // 16, 16 and 8 rows of 0.5 ms, and of 0.01 ms.
        assert_about(&inner_meter, 20);
        assert!(outer_meter.busy_seconds() >= 0.0014, "{}", outer_meter.busy_seconds());
        assert_about(&outer_meter, 1);
    }
}
