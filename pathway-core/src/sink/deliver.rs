//! The last operator before a sink: sees each commit whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use timely::container::CapacityContainerBuilder;
use timely::dataflow::StreamVec;
use timely::dataflow::channels::pact::{Exchange, Pipeline};
use timely::dataflow::operators::generic::operator::Operator;

use super::net::net;
use crate::data::{Change, Commit, Schema};
use crate::plan::{Build, Changes, Table};

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
    let (input, order) = (table.node(), table.order());
    table.plan().add(name, order, |_, name| {
        move |build| {
            let changes = build.get::<R>(input);
            let writer = build.is_first().then(&writer);
            let end = gather(build, changes, &name, order, writer);
            build.watch(end);
        }
    });
}

/// Brings the changes of all workers together on the first, and gives each commit to the writer when it is sealed.
fn gather<'scope, R: Schema>(
    build: &Build<'scope>,
    changes: Changes<'scope, R>,
    name: &str,
    order: crate::plan::Order,
    mut writer: Option<Box<dyn Writer<R>>>,
) -> StreamVec<'scope, Commit, ()> {
    let clock = build.clock();
    let mut open = BTreeMap::<Commit, (_, Vec<Change<R>>)>::new();
    macro_rules! sink {
        ($pact:expr) => {
            changes.unary_frontier::<CapacityContainerBuilder<Vec<()>>, _, _, _>($pact, name, move |_, _| {
                move |(input, frontier), _output| {
                    input.for_each(|token, changes| {
                        let Some(capability) = token.retain_least(0) else { return };
                        let (_, all) = open.entry(*capability.time()).or_insert_with(|| (capability, Vec::new()));
                        if all.is_empty() {
                            std::mem::swap(all, changes);
                        } else {
                            all.append(changes);
                        }
                    });
                    while let Some(entry) = open.first_entry().filter(|entry| !frontier.less_equal(entry.key())) {
                        let (commit, (_capability, mut changes)) = entry.remove_entry();
                        net(&mut changes, order);
                        if let Some(writer) = writer.as_mut().filter(|_| !changes.is_empty()) {
                            writer.write(commit, clock.get(), &mut changes);
                        }
                    }
                }
            })
        };
    }
    if build.is_alone() { sink!(Pipeline) } else { sink!(Exchange::new(|_: &Change<R>| 0)) }
}
