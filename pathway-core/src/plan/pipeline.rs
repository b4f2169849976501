//! A pipeline under declaration.

use std::fmt;

use super::Plan;
use crate::telemetry::{Level, report};

/// A pipeline: declare its tables, then [`run`](Pipeline::run) it.
///
/// ```
/// use pathway::prelude::*;
///
/// #[derive(Schema)]
/// struct Input { value: i64 }
///
/// let pipeline = Pipeline::new();
/// let input = pipeline.rows(vec![Input { value: 1 }, Input { value: 2 }]);
/// let big = input.filter(|row| row.value > 1).collect();
/// pipeline.run()?;
/// assert_eq!(big.rows().len(), 1);
/// # Ok::<(), pathway::Error>(())
/// ```
#[must_use = "a pipeline does nothing until `run` or `start` is called"]
pub struct Pipeline {
    plan: Plan,
    /// Set by `run` and `start`.
    started: bool,
}

impl Pipeline {
    /// A pipeline without tables.
    pub fn new() -> Self {
        Pipeline { plan: Plan::new(), started: false }
    }

    /// A pipeline with a name. Its durable consumers on streams are named after it, and its dead letters carry the name.
    ///
    /// Default: the name of the program's file. Give two different pipelines different names.
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// let pipeline = Pipeline::named("orders-service");
    /// # let _ = pipeline;
    /// ```
    pub fn named(name: impl Into<String>) -> Self {
        let pipeline = Pipeline::new();
        pipeline.plan.set_name(name.into().into());
        pipeline
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Takes the plan, to run it.
    pub(crate) fn into_plan(mut self) -> Plan {
        self.started = true;
        self.plan.clone()
    }
}

impl Default for Pipeline {
    fn default() -> Self {
        Pipeline::new()
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        if !self.started && !self.plan.is_empty() && !std::thread::panicking() {
            report(
                Level::Error,
                "pipeline",
                format_args!("the pipeline was dropped before it ran: call `pipeline.run()` or `pipeline.start()`"),
            );
        }
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").field("name", &self.plan.name()).finish_non_exhaustive()
    }
}
