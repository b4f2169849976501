//! What operators count and report: late rows, and rows that cannot be computed.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::{Level, LogLimiter, NodeMeter, NodeMeters, OperatorStats};

/// The name of an operator, and what it counts.
#[derive(Clone, Debug)]
pub struct OperatorContext {
    name: Arc<Name>,
    meters: NodeMeters,
    /// The worker whose counters it has.
    worker: usize,
    jump: Jump,
}

/// The name of an operator.
#[derive(Debug)]
struct Name {
    /// Made of what it does.
    default: Arc<str>,
    /// Given by the user, before the pipeline runs.
    given: OnceLock<Arc<str>>,
}

/// The last row that has moved event time far, on any worker.
type Jump = Arc<Mutex<Option<String>>>;

impl OperatorContext {
    /// An operator that has counted nothing yet.
    pub fn new(name: Arc<str>, meters: NodeMeters) -> Self {
        let name = Arc::new(Name { default: name, given: OnceLock::new() });
        OperatorContext { name, meters, worker: 0, jump: Arc::default() }
    }

    /// The operator on a worker.
    pub fn on_worker(&self, worker: usize) -> Self {
        OperatorContext { worker, ..self.clone() }
    }

    /// The name: the user's, if there is one.
    pub fn name(&self) -> &Arc<str> {
        self.name.given.get().unwrap_or(&self.name.default)
    }

    /// Whether the user has named it.
    pub fn is_named(&self) -> bool {
        self.name.given.get().is_some()
    }

    /// Gives the operator the name that the user wants, once.
    pub fn set_name(&self, name: Arc<str>) {
        let _ = self.name.given.set(name);
    }

    /// Says that the ticks of its event time are unix nanoseconds.
    pub fn set_utc(&self) {
        self.meters.set_utc();
    }

    /// What it counts on its worker.
    pub fn meter(&self) -> Arc<NodeMeter> {
        self.meters.on_worker(self.worker)
    }

    /// What the operator has counted so far.
    pub fn stats(&self) -> OperatorStats {
        OperatorStats::new(self.name(), &self.meters)
    }

    /// Remembers the row that has moved event time far, for the reports of late rows.
    pub fn set_jump(&self, row: String) {
        *self.jump.lock().unwrap_or_else(PoisonError::into_inner) = Some(row);
    }
}

/// The last row that has moved event time far, as the end of a sentence.
struct LastJump<'a>(&'a Jump);

impl fmt::Display for LastJump<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(row) => write!(f, "; the last row that moved event time far ahead is {row}"),
            None => Ok(()),
        }
    }
}

/// The name.
impl Deref for OperatorContext {
    type Target = str;

    fn deref(&self) -> &str {
        self.name()
    }
}

impl From<&str> for OperatorContext {
    fn from(name: &str) -> Self {
        OperatorContext::new(name.into(), NodeMeters::default())
    }
}

impl fmt::Display for OperatorContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Counts and reports on one worker what an operator cannot use or compute.
#[derive(Debug)]
pub struct OperatorReports {
    meter: Arc<NodeMeter>,
    jump: Jump,
    late: LogLimiter,
    ahead: LogLimiter,
    errors: LogLimiter,
    waiting: LogLimiter,
}

impl OperatorReports {
    /// Reports under the name of the operator.
    pub fn new(operator: &OperatorContext) -> Self {
        OperatorReports {
            meter: operator.meter(),
            jump: Arc::clone(&operator.jump),
            late: LogLimiter::new(operator.name()),
            ahead: LogLimiter::new(operator.name()),
            errors: LogLimiter::new(operator.name()),
            waiting: LogLimiter::new(operator.name()),
        }
    }

    /// Rows arrived too late. `message` describes one of them; the row that has moved event time is added.
    pub fn late(&mut self, rows: u64, message: fmt::Arguments<'_>) {
        self.meter.late.add(rows);
        self.late.report(Level::Warn, rows, format_args!("{message}{}", LastJump(&self.jump)));
    }

    /// A row is too far ahead of a clock to move event time.
    pub fn ahead(&mut self, message: fmt::Arguments<'_>) {
        self.meter.ahead.add(1);
        self.ahead.report(Level::Warn, 1, message);
    }

    /// Event time waits for something.
    pub fn waiting(&mut self, message: fmt::Arguments<'_>) {
        self.waiting.report(Level::Warn, 1, message);
    }

    /// Something could not be computed, and a row is missing.
    pub fn error(&mut self, message: fmt::Arguments<'_>) {
        self.count_error();
        self.errors.report(Level::Error, 1, message);
    }

    /// Something could not be computed, and a fallback took its place.
    pub fn count_error(&self) {
        self.meter.errors.add(1);
    }
}
