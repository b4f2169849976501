//! A table: a handle on a node of a plan.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::{Build, NodeId, NodeKind, Plan, TableProperties};
use crate::data::{Error, ErrorKind, Schema};
use crate::dataflow::Changes;
use crate::persistence::NodeIdentity;
use crate::telemetry::{NodeMeters, OperatorContext};

/// A live table: a multiset of rows that is kept up to date, commit by commit.
///
/// It is a handle on a node of the pipeline's plan. It holds no data and is cheap to clone.
/// Rows enter it when the pipeline runs.
#[must_use = "a table that is neither used in another table nor written does nothing"]
pub struct Table<R> {
    plan: Plan,
    node: NodeId,
    row: PhantomData<fn() -> R>,
}

impl Plan {
    /// Declares a table under a [name of its own](Plan::default_name). `build` runs on each worker when the pipeline starts, and
    /// returns the table's changes; it gets the name for its operators.
    ///
    /// `build` must not hold a `Table` of the same plan: plan and table would keep each other alive. Let it hold the
    /// [`NodeId`] instead.
    pub(crate) fn add_table<R: Schema>(
        &self,
        name: Arc<str>,
        properties: TableProperties,
        build: impl Fn(&mut Build<'_>, &OperatorContext) -> Changes<R> + Send + Sync + 'static,
    ) -> Table<R> {
        let meters = NodeMeters::default();
        let operator = self.add_operator(Arc::clone(&name), meters.clone());
        let context = operator.clone();
        let node = self.add_measured::<R, _>(name, properties, meters, |node, _| {
            move |scope| {
                let changes = build(scope, &context.on_worker(scope.dataflow.worker()));
                scope.put(node, changes);
            }
        });
        self.set_operator(node, operator);
        Table { plan: self.clone(), node, row: PhantomData }
    }
}

impl<R> Table<R> {
    /// The same table, of whose operator pictures of the pipeline say this.
    pub(crate) fn with_details(self, details: impl IntoIterator<Item = String>) -> Table<R> {
        details.into_iter().for_each(|detail| self.plan.add_detail(self.node, detail));
        self
    }
}

impl<R: Schema> Table<R> {
    /// The handle on a node whose output are changes of `R`.
    pub(crate) fn new(plan: Plan, node: NodeId) -> Self {
        Table { plan, node, row: PhantomData }
    }

    /// Names the operator that makes this table, for logs and [`stats`](crate::telemetry::Stats). Default: the name of the method or
    /// macro, such as `reduce`, with a number if there are several.
    ///
    /// In a pipeline that [persists](super::Pipeline::persist), the name tells whose state it is when the program has changed. An
    /// operator without a name is known by what it is, its parameters, and what it reads: name it if that may change.
    ///
    /// An operator has one name: naming it twice is an error, and so are a name that another operator, a source or a sink has, and
    /// naming the table of a source, which has a `name` of its own. [`Pipeline::run`](super::Pipeline::run) returns it.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema)] struct Order { city: String }
    /// # let pipeline = Pipeline::new();
    /// # let orders = pipeline.rows::<Order>([]);
    /// let cities = reduce!(o in orders by o.city => { o.city, n: count() }).named("cities");
    /// # let _ = cities.collect();
    /// let stats = pipeline.start()?.join()?;
    /// assert_eq!(stats.operators[0].name, "cities");
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn named(self, name: impl AsRef<str>) -> Table<R> {
        let name = name.as_ref();
        match self.plan.operator(self.node) {
            None => self.fail(format!(
                "`named(\"{name}\")` of {self:?}, which no operator makes: name the source, for example with \
                 `nats::read(..).name(\"{name}\")`"
            )),
            Some(operator) if operator.is_named() => self
                .fail(format!("`named(\"{name}\")` of {self:?}, which is named `{operator}`: remove one of the names")),
            Some(operator) => {
                self.plan.release_name(&operator);
                let unique = self.plan.given_name(NodeKind::Operator, name, "");
                self.plan.set_node_name(self.node, &unique, name);
                operator.set_name(unique);
            }
        }
        self
    }

    /// Declares a table that is made of this one by an operator, and names it after the operator.
    pub(crate) fn operator<O: Schema>(
        &self,
        verb: &str,
        properties: TableProperties,
        build: impl Fn(&mut Build<'_>, Changes<R>, &OperatorContext) -> Changes<O> + Send + Sync + 'static,
    ) -> Table<O> {
        let input = self.node;
        let table =
            self.plan.add_table(self.plan.default_name(NodeKind::Operator, verb), properties, move |scope, name| {
                let changes = scope.get(input);
                build(scope, changes, name)
            });
        self.plan.inherit_origins(table.node, &[self.node]);
        self.plan.set_operator_inputs(table.node, verb, &[self.node]);
        table
    }

    /// Declares a table that is made of this one and another one by an operator.
    ///
    /// If the tables belong to two pipelines, both pipelines fail with an error that says so.
    pub(crate) fn binary_operator<S: Schema, O: Schema>(
        &self,
        other: &Table<S>,
        verb: &str,
        properties: TableProperties,
        build: impl Fn(&mut Build<'_>, Changes<R>, Changes<S>, &OperatorContext) -> Changes<O> + Send + Sync + 'static,
    ) -> Table<O> {
        if !self.plan.is(other.plan()) {
            let message = format!("`{verb}` of tables of two pipelines, {self:?} and {other:?}: declare both on one");
            self.plan.fail_with(other.plan(), &message);
            return self.never();
        }
        let (left, right) = (self.node, other.node);
        let table =
            self.plan.add_table(self.plan.default_name(NodeKind::Operator, verb), properties, move |scope, name| {
                let (left, right) = (scope.get(left), scope.get(right));
                build(scope, left, right, name)
            });
        self.plan.inherit_origins(table.node, &[self.node, other.node]);
        self.plan.set_operator_inputs(table.node, verb, &[self.node, other.node]);
        table
    }

    /// The same table, of a source that reads a bucket.
    pub(crate) fn of_bucket(self) -> Table<R> {
        self.with_state_parameter(NodeIdentity::BUCKET)
    }

    /// The same table, whose state means something else with another parameter. Pictures of the pipeline show it.
    pub(crate) fn with_parameter(self, parameter: impl fmt::Display) -> Table<R> {
        let parameter = parameter.to_string();
        self.plan.add_parameter(self.node, &parameter);
        self.with_details([parameter])
    }

    /// The same table, whose state means something else with another parameter, which is too long for a picture, or says in
    /// another form what it shows already.
    pub(crate) fn with_state_parameter(self, parameter: impl fmt::Display) -> Table<R> {
        self.plan.add_parameter(self.node, &parameter.to_string());
        self
    }

    /// The event time of the operator is in unix nanoseconds, so that it can be compared with a clock.
    pub(crate) fn has_utc_time(&self) {
        self.plan.operator(self.node).into_iter().for_each(|operator| operator.set_utc());
    }

    /// A table without rows: the result of a declaration whose mistake ends the pipeline before any row is read.
    pub(crate) fn never<S: Schema>(&self) -> Table<S> {
        self.plan.add_table(
            self.plan.default_name(NodeKind::Operator, "never"),
            TableProperties::ARRIVALS,
            |build, _| build.dataflow.input().1,
        )
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(crate) fn node(&self) -> NodeId {
        self.node
    }

    pub(crate) fn properties(&self) -> TableProperties {
        self.plan.properties(self.node)
    }

    /// Fails the pipeline because of a mistake in its declaration.
    pub(crate) fn fail(&self, mistake: String) {
        self.plan.control().fail(Error::new(ErrorKind::Config, mistake));
    }
}

impl Plan {
    /// Fails two pipelines for the same reason.
    pub(crate) fn fail_with(&self, other: &Plan, message: &str) {
        for plan in [self, other] {
            plan.control().fail(Error::new(ErrorKind::Config, message));
        }
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
