//! A table: a handle on a node of a plan.

use std::fmt;
use std::marker::PhantomData;

use super::{NodeId, Plan, TableProperties};
use crate::data::{Error, ErrorKind, Schema};

/// A live table: a multiset of rows that is kept up to date, commit by commit.
///
/// It is a handle on a node of the pipeline's plan, without data and cheap to clone.
/// Rows come into it when the pipeline runs.
#[must_use = "a table that is neither used in another table nor written does nothing"]
pub struct Table<R> {
    plan: Plan,
    node: NodeId,
    row: PhantomData<fn() -> R>,
}

impl<R: Schema> Table<R> {
    /// The handle on a node whose output are changes of `R`.
    pub(crate) fn new(plan: Plan, node: NodeId) -> Self {
        Table { plan, node, row: PhantomData }
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Whether another table is of the same pipeline. If not, both pipelines fail with an error that says so.
    pub(crate) fn is_of_one_pipeline_with<S: Schema>(&self, other: &Table<S>, verb: &str) -> bool {
        let same = self.plan.is(other.plan());
        if !same {
            let message = format!("`{verb}` of tables of two pipelines, {self:?} and {other:?}: declare both on one");
            let error = || Error::new(ErrorKind::Config, message.clone());
            self.plan.control().fail(error());
            other.plan().control().fail(error());
        }
        same
    }

    /// A table for where a mistake was found that ends the pipeline before any row would come into it.
    pub(crate) fn never<S: Schema>(&self) -> Table<S> {
        let name = self.plan.unique_name("never");
        let node = self.plan.add(name, TableProperties::ARRIVALS, |node, _| {
            move |build| {
                let (_, nothing) = build.graph.input();
                build.put::<S>(node, nothing);
            }
        });
        Table::new(self.plan.clone(), node)
    }

    pub(crate) fn node(&self) -> NodeId {
        self.node
    }

    pub(crate) fn shape(&self) -> TableProperties {
        self.plan.shape(self.node)
    }
}

impl<R> Clone for Table<R> {
    fn clone(&self) -> Self {
        Table { plan: self.plan.clone(), node: self.node, row: PhantomData }
    }
}

impl<R: Schema> fmt::Debug for Table<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Table<{}>({})", R::NAME, self.node.0)
    }
}
