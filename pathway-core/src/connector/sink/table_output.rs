//! The last operator before a sink: it sees each commit of a table whole.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::data::{Change, Commit, Schema};
use crate::dataflow::{StatePart, Stateful};
use crate::plan::{NodeId, Table, net};

/// Takes the commits of a table, on the first worker.
pub(crate) trait TableWriter<R>: 'static {
    /// Takes the net changes of one commit, at least one: removals first, then insertions. `time` is the commit's time on
    /// the wire, in unix milliseconds.
    fn write(&mut self, commit: Commit, time: u64, changes: &mut Vec<Change<R>>);

    /// What it keeps from one commit to the next.
    fn states(&mut self) -> Vec<StatePart<'_>> {
        Vec::new()
    }
}

/// A writer, kept where checkpoints find its state.
struct StatefulWriter<R, W>(W, PhantomData<fn(R)>);

impl<R: 'static, W: TableWriter<R>> Stateful for StatefulWriter<R, W> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        self.0.states()
    }
}

impl<R, F: FnMut(Commit, u64, &mut Vec<Change<R>>) + 'static> TableWriter<R> for F {
    fn write(&mut self, commit: Commit, time: u64, changes: &mut Vec<Change<R>>) {
        self(commit, time, changes);
    }
}

/// Adds a node that gives a table's commits to a writer. `writer` makes it on the first worker.
pub(crate) fn write_table<R: Schema, W: TableWriter<R>>(
    table: &Table<R>,
    name: Arc<str>,
    writer: impl Fn() -> W + Send + Sync + 'static,
) -> NodeId {
    let (input, properties) = (table.node(), table.properties());
    let node = table.plan().add::<R, _>(name, properties, |_, name| {
        move |build| {
            let changes = build.get::<R>(input);
            let clock = build.clock();
            let take = build.dataflow.is_first_worker().then(|| {
                let writer = build.dataflow.add_state(StatefulWriter(writer(), PhantomData));
                move |commit, changes: &mut Vec<Change<R>>| {
                    net(changes, properties.order);
                    if !changes.is_empty() {
                        writer.borrow_mut().0.write(commit, clock.get(), changes);
                    }
                }
            });
            build.dataflow.sink(changes, &name, take);
        }
    });
    table.plan().set_sink_input(node, input);
    node
}
