//! What the event time of a join by time waits for: the times of its inputs.

use std::any::TypeId;
use std::sync::Arc;

use super::{Build, NodeId, Origin, Table};
use crate::data::Schema;
use crate::dataflow::Stream;

/// An input of a join by time. The event time of the join's table does not pass that of its inputs, because their rows can still
/// correct the rows that the join has emitted.
#[derive(Clone)]
pub(crate) struct TimeInput {
    /// The type of its times.
    time: TypeId,
    /// The sources of its rows, if these are in the order of arrival; otherwise itself.
    origins: Arc<[Origin]>,
    times: Arc<BuildTimes>,
}

/// Builds the stream of its latest times on each worker.
type BuildTimes = dyn Fn(&mut Build<'_>, &str) -> Stream<InputTime> + Send + Sync;

/// What an input of a join by time has got: the number of the origin, the latest time, and how many rows.
pub(crate) type InputTime = (u64, i128, u64);

impl TimeInput {
    /// An input with times of type `T`.
    pub(crate) fn new<T: 'static>(
        origins: Arc<[Origin]>,
        times: impl Fn(&mut Build<'_>, &str) -> Stream<InputTime> + Send + Sync + 'static,
    ) -> Self {
        TimeInput { time: TypeId::of::<T>(), origins, times: Arc::new(times) }
    }

    pub(crate) fn origins(&self) -> &[Origin] {
        &self.origins
    }

    pub(crate) fn times(&self, build: &mut Build<'_>, name: &str) -> Stream<InputTime> {
        (self.times)(build, name)
    }
}

impl NodeId {
    /// A number of its own.
    pub(crate) fn number(self) -> u64 {
        self.0 as u64
    }
}

impl<R: Schema> Table<R> {
    /// The inputs whose times its event time does not pass, if that is of type `T`.
    pub(crate) fn time_inputs<T: 'static>(&self) -> Arc<[TimeInput]> {
        let all = self.plan().time_inputs(self.node());
        all.iter().filter(|input| input.time == TypeId::of::<T>()).cloned().collect()
    }

    /// The same table, whose event time does not pass the times of these inputs.
    pub(crate) fn with_time_inputs(self, inputs: impl IntoIterator<Item = TimeInput>) -> Table<R> {
        let mut all = self.plan().time_inputs(self.node()).to_vec();
        for input in inputs {
            // Two parts of one join have the same inputs.
            if !all.iter().any(|known| Arc::ptr_eq(&known.times, &input.times)) {
                all.push(input);
            }
        }
        self.plan().set_time_inputs(self.node(), all.into());
        self
    }

    /// The same for the inputs that the event time of another table does not pass.
    pub(crate) fn with_time_inputs_of<S: Schema>(self, table: &Table<S>) -> Table<R> {
        match self.plan().is(table.plan()) {
            true => self.with_time_inputs(table.plan().time_inputs(table.node()).iter().cloned()),
            false => self,
        }
    }
}
