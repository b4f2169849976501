//! A table: a handle on a node of a plan.

use std::fmt;
use std::marker::PhantomData;

use super::{NodeId, Plan, Shape};
use crate::data::Schema;

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

    pub(crate) fn node(&self) -> NodeId {
        self.node
    }

    pub(crate) fn shape(&self) -> Shape {
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
