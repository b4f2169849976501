//! What operators count and report: late rows, and rows that cannot be computed.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::{Counter, Level, LogLimiter, OperatorStats};

/// The name of an operator, and its counters, which all workers share.
#[derive(Clone, Debug)]
pub struct OperatorContext {
    name: Arc<str>,
    counters: Arc<OperatorCounters>,
}

/// The counters of an operator.
#[derive(Debug, Default)]
struct OperatorCounters {
    late: Counter,
    errors: Counter,
}

impl OperatorContext {
    /// An operator that has counted nothing yet.
    pub fn new(name: Arc<str>) -> Self {
        OperatorContext { name, counters: Arc::default() }
    }

    /// What the operator has counted so far.
    pub fn stats(&self) -> OperatorStats {
        OperatorStats {
            name: self.name.to_string(),
            late: self.counters.late.get(),
            errors: self.counters.errors.get(),
        }
    }
}

/// The name.
impl Deref for OperatorContext {
    type Target = str;

    fn deref(&self) -> &str {
        &self.name
    }
}

impl From<&str> for OperatorContext {
    fn from(name: &str) -> Self {
        OperatorContext::new(name.into())
    }
}

impl fmt::Display for OperatorContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Counts and reports on one worker what an operator cannot use or compute.
#[derive(Debug)]
pub struct OperatorReports {
    counters: Arc<OperatorCounters>,
    late: LogLimiter,
    errors: LogLimiter,
}

impl OperatorReports {
    /// Reports under the name of the operator.
    pub fn new(operator: &OperatorContext) -> Self {
        OperatorReports {
            counters: Arc::clone(&operator.counters),
            late: LogLimiter::new(&operator.name),
            errors: LogLimiter::new(&operator.name),
        }
    }

    /// Rows arrived too late. `message` describes one of them.
    pub fn late(&mut self, rows: u64, message: fmt::Arguments<'_>) {
        self.counters.late.add(rows);
        self.late.report(Level::Warn, rows, message);
    }

    /// Something could not be computed, and a row is missing.
    pub fn error(&mut self, message: fmt::Arguments<'_>) {
        self.count_error();
        self.errors.report(Level::Error, 1, message);
    }

    /// Something could not be computed, and a fallback took its place.
    pub fn count_error(&self) {
        self.counters.errors.add(1);
    }
}
