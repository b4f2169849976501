//! The last operator before a sink: sees each commit whole.

use std::sync::Arc;

use crate::data::{Change, Commit, Schema};
use crate::plan::{Table, net};

/// Takes the changes of a table, commit by commit.
pub trait Writer<R>: 'static {
    /// The net changes of one commit: first what goes, then what comes. Never empty. `time` is the commit's
    /// time on the wire, in unix milliseconds.
    fn write(&mut self, commit: Commit, time: u64, changes: &mut Vec<Change<R>>);
}

/// Adds a node to a table's plan, under a unique name, that gives its commits to a writer, which is made on the first worker.
pub fn deliver<R: Schema>(
    table: &Table<R>,
    name: Arc<str>,
    writer: impl Fn() -> Box<dyn Writer<R>> + Send + Sync + 'static,
) {
    let (input, shape) = (table.node(), table.shape());
    table.plan().add(name, shape, |_, name| {
        move |build| {
            let changes = build.get::<R>(input);
            let clock = build.clock();
            let take = build.graph.is_first().then(|| {
                let mut writer = writer();
                move |commit, changes: &mut Vec<Change<R>>| {
                    net(changes, shape.order);
                    if !changes.is_empty() {
                        writer.write(commit, clock.get(), changes);
                    }
                }
            });
            build.graph.gather(changes, &name, take);
        }
    });
}
