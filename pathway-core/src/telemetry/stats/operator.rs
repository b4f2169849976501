//! The statistics of an operator.

use serde::Serialize;

use crate::telemetry::{NodeMeter, NodeMeters};

/// The statistics of an operator, all workers together, and each by itself.
///
/// ```
/// use pathway::prelude::*;
///
/// #[derive(Schema)]
/// struct Order { city: String }
///
/// let pipeline = Pipeline::new();
/// let orders = pipeline.rows(["Oslo", "Bergen", "Oslo"].map(|city| Order { city: city.into() }));
/// let _seen = reduce!(o in orders by o.city => { o.city, n: count() }).collect();
/// let stats = pipeline.start_with(2)?.join()?;
/// let reduce = &stats.operators[0];
/// assert_eq!((reduce.name.as_str(), reduce.rows, reduce.state_keys), ("reduce", 2, 2));
/// assert_eq!(reduce.workers.iter().map(|worker| worker.rows).sum::<u64>(), 2);
/// # Ok::<(), pathway::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct OperatorStats {
    /// The name of the operator: `reduce`, `reduce-2` for the second one.
    pub name: String,
    /// Changes of rows that have left the operator: insertions and removals.
    pub rows: u64,
    /// How long the operator has run, in seconds, on all workers: without the operators that read it. It is measured by batches
    /// of rows. Rows of a table that several operators read, whose results meet again in a `concat`, go through these operators
    /// one by one: there, one row of 16 is measured and stands for the others. `map_async` waits for its answers, and that counts.
    pub busy_seconds: f64,
    /// Changes of rows that arrived too late, and were dropped. A row that is too late for several windows counts in each.
    pub late: u64,
    /// Rows that did not move event time because they were further ahead of a clock than `max_ahead` allows.
    pub ahead: u64,
    /// How often a row could not be computed: a group without a value, such as an overflowing sum, or a call of `map_async` that
    /// failed after all retries, also if a fallback took its place.
    pub errors: u64,
    /// The keys of its state. A join has those of both sides.
    pub state_keys: u64,
    /// About how many bytes of memory its state takes: what is stored by key, without what texts, lists and reducers of many values
    /// have allocated elsewhere.
    pub state_bytes: u64,
    /// How far its event time is behind the clock of this machine, in seconds; less than 0 if it is ahead. `None` if it has no event
    /// time yet, or if event time is a number or has no time zone.
    pub event_time_lag_seconds: Option<f64>,
    /// Each worker by itself, in their order.
    pub workers: Vec<OperatorWorkerStats>,
}

/// The statistics of an operator on one worker. The fields are those of [`OperatorStats`].
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct OperatorWorkerStats {
    /// Changes of rows that have left the operator.
    pub rows: u64,
    /// How long the operator has run, in seconds.
    pub busy_seconds: f64,
    /// Changes of rows that arrived too late.
    pub late: u64,
    /// Rows that were too far ahead to move event time.
    pub ahead: u64,
    /// How often a row could not be computed.
    pub errors: u64,
    /// The keys of its state.
    pub state_keys: u64,
    /// About how many bytes its state takes.
    pub state_bytes: u64,
}

impl OperatorStats {
    /// What an operator has counted.
    pub(crate) fn new(name: &str, meters: &NodeMeters) -> Self {
        let workers: Vec<_> = meters.all().iter().map(|meter| OperatorWorkerStats::new(meter)).collect();
        let sum = |number: fn(&OperatorWorkerStats) -> u64| workers.iter().map(number).sum();
        OperatorStats {
            name: name.to_owned(),
            rows: sum(|worker| worker.rows),
            busy_seconds: workers.iter().map(|worker| worker.busy_seconds).sum(),
            late: sum(|worker| worker.late),
            ahead: sum(|worker| worker.ahead),
            errors: sum(|worker| worker.errors),
            state_keys: sum(|worker| worker.state_keys),
            state_bytes: sum(|worker| worker.state_bytes),
            event_time_lag_seconds: meters.event_time_lag(),
            workers,
        }
    }
}

impl OperatorWorkerStats {
    fn new(meter: &NodeMeter) -> Self {
        OperatorWorkerStats {
            rows: meter.rows(),
            busy_seconds: meter.busy_seconds(),
            late: meter.late.get(),
            ahead: meter.ahead.get(),
            errors: meter.errors.get(),
            state_keys: meter.keys(),
            state_bytes: meter.bytes(),
        }
    }
}
