//! What a node of a plan counts on each worker.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::stopwatch::BusyTime;
use super::{Counter, Flag, Gauge};

/// What a node counts on one worker.
#[derive(Debug)]
pub struct NodeMeter {
    /// Shared by the streams that leave it.
    rows: OnceLock<Vec<Arc<Counter>>>,
    busy: BusyTime,
    keys: Counter,
    bytes: Counter,
    /// Its event time, in ticks: unix nanoseconds, if the operator has said so.
    event_time: AtomicI64,
    pub(super) late: Counter,
    pub(super) ahead: Counter,
    pub(super) errors: Counter,
}

/// No event time is known.
const NO_TIME: i64 = i64::MIN;

impl Default for NodeMeter {
    fn default() -> Self {
        NodeMeter {
            rows: OnceLock::new(),
            busy: BusyTime::default(),
            keys: Counter::default(),
            bytes: Counter::default(),
            event_time: AtomicI64::new(NO_TIME),
            late: Counter::default(),
            ahead: Counter::default(),
            errors: Counter::default(),
        }
    }
}

impl NodeMeter {
    /// Says what counts the rows that leave it.
    pub fn set_rows(&self, rows: Vec<Arc<Counter>>) {
        let _ = self.rows.set(rows);
    }

    /// Says how large its state is.
    pub fn set_state(&self, keys: u64, bytes: u64) {
        self.keys.set(keys);
        self.bytes.set(bytes);
    }

    /// Says its event time, in ticks.
    pub fn set_event_time(&self, ticks: i128) {
        let ticks = i64::try_from(ticks).unwrap_or(if ticks < 0 { NO_TIME + 1 } else { i64::MAX });
        self.event_time.store(ticks, Ordering::Relaxed);
    }

    #[inline]
    pub(super) fn add_busy(&self, nanos: u64) {
        self.busy.add(nanos);
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows.get().into_iter().flatten().map(|rows| rows.get()).sum()
    }

    pub(super) fn busy_seconds(&self) -> f64 {
        self.busy.seconds()
    }

    pub(super) fn keys(&self) -> u64 {
        self.keys.get()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes.get()
    }

    fn event_time(&self) -> Option<i64> {
        Some(self.event_time.load(Ordering::Relaxed)).filter(|time| *time != NO_TIME)
    }
}

/// What a node counts on all workers.
#[derive(Clone, Debug, Default)]
pub struct NodeMeters(Arc<Meters>);

#[derive(Debug, Default)]
struct Meters {
    /// One for each worker.
    workers: Mutex<Vec<Arc<NodeMeter>>>,
    /// Event time is in nanoseconds of UTC, and can be compared with a clock.
    has_utc: Flag,
}

impl NodeMeters {
    /// The one of this worker.
    pub fn on_worker(&self, worker: usize) -> Arc<NodeMeter> {
        let mut meters = self.0.workers.lock().unwrap_or_else(PoisonError::into_inner);
        while meters.len() <= worker {
            meters.push(Arc::default());
        }
        Arc::clone(&meters[worker])
    }

    /// Those of all workers, in their order.
    pub(super) fn all(&self) -> Vec<Arc<NodeMeter>> {
        self.0.workers.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Event time can be compared with a clock.
    pub(super) fn set_utc(&self) {
        self.0.has_utc.set(true);
    }

    /// How far event time is behind the clock, in seconds.
    pub(super) fn event_time_lag(&self) -> Option<f64> {
        if !self.0.has_utc.get() {
            return None;
        }
        let time = self.all().iter().filter_map(|meter| meter.event_time()).max()?;
        Some(age_in_seconds(time))
    }
}

/// How long ago a moment was, given in unix nanoseconds; less than 0 if it is to come.
pub(super) fn age_in_seconds(nanos: i64) -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (now.as_nanos() as i128 - i128::from(nanos)) as f64 / 1e9
}

/// What a pipeline that persists counts.
#[derive(Debug, Default)]
pub struct PersistenceMeter {
    /// Checkpoints that were completed.
    pub checkpoints: Counter,
    /// Checkpoints that could not be written.
    pub checkpoint_failures: Counter,
    /// How long the last checkpoint has taken.
    pub checkpoint_nanos: Gauge,
    /// How many bytes it has written.
    pub checkpoint_bytes: Gauge,
    /// When it was completed, in unix milliseconds.
    pub checkpoint_made: Gauge,
    /// The bytes of the log behind it.
    pub log_bytes: Counter,
    /// How long the start has taken.
    pub restore_nanos: Gauge,
    /// Commits that the start has computed again.
    pub replayed_commits: Counter,
    /// Commits that the start has to compute again.
    pub logged_commits: Counter,
}

/// What the replay of a recording counts.
#[derive(Debug)]
pub struct ReplayMeter {
    /// The number of the run.
    pub run: u64,
    /// How many commits it has, if that is known.
    pub recorded_commits: Option<u64>,
    /// How many of them were computed.
    pub commits: Counter,
}
