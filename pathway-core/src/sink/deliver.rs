//! The last operator before a sink: sees each commit whole.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

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
            gather(build, changes, &name, order, writer);
        }
    });
}

/// Brings the changes of all workers together on the first, and gives each commit to the writer when it is sealed.
fn gather<'scope, R: Schema>(
    build: &mut Build<'scope>,
    changes: Changes<'scope, R>,
    name: &str,
    order: crate::plan::Order,
    mut writer: Option<Box<dyn Writer<R>>>,
) {
    let clock = build.clock();
    let through: Rc<Cell<Commit>> = build.watch();
    let mut open = BTreeMap::<Commit, Vec<Change<R>>>::new();
    macro_rules! sink {
        ($pact:expr) => {
            changes.sink($pact, name, move |(input, frontier)| {
                input.for_each(|token, changes| {
                    let Some(commit) = token.least() else { return };
                    let all = open.entry(*commit).or_default();
                    if all.is_empty() {
                        std::mem::swap(all, changes);
                    } else {
                        all.append(changes);
                    }
                });
                while let Some(entry) = open.first_entry().filter(|entry| !frontier.less_equal(entry.key())) {
                    let (commit, mut changes) = entry.remove_entry();
                    net(&mut changes, order);
                    if let Some(writer) = writer.as_mut().filter(|_| !changes.is_empty()) {
                        writer.write(commit, clock.get(), &mut changes);
                    }
                }
                // The frontier is empty when no commit will come any more.
                through.set(frontier.frontier().first().copied().unwrap_or(Commit::MAX));
            })
        };
    }
    if build.is_alone() { sink!(Pipeline) } else { sink!(Exchange::new(|_: &Change<R>| 0)) }
}
