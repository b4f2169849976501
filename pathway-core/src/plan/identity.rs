//! What tells the nodes of a plan from those of another program.

use super::{NodeId, Plan};
use crate::data::{Column, Columns, Schema};
use crate::persistence::NodeRole;

impl Plan {
    /// Gives an operator the name that the user wants, of which a unique one was made.
    pub(super) fn set_node_name(&self, node: NodeId, name: &str, wanted: &str) {
        self.update_identity(node, |identity| {
            (identity.name, identity.base, identity.role) = (name.to_owned(), wanted.to_owned(), NodeRole::Named);
        });
    }

    /// Makes a node one of an operator: says what has made it, and what it reads.
    pub(super) fn set_operator_inputs(&self, node: NodeId, verb: &str, inputs: &[NodeId]) {
        self.update_identity(node, |identity| {
            (identity.role, identity.kind) = (NodeRole::Operator, verb.to_owned());
            identity.inputs = inputs.iter().map(|input| input.0 as u32).collect();
        });
    }

    /// Makes a node one of a sink: says what it reads.
    pub(crate) fn set_sink_input(&self, node: NodeId, input: NodeId) {
        self.update_identity(node, |identity| {
            (identity.role, identity.inputs) = (NodeRole::Sink, vec![input.0 as u32]);
        });
    }

    /// Adds a parameter of a node, without which its state means something else.
    pub(crate) fn add_parameter(&self, node: NodeId, parameter: &str) {
        self.update_identity(node, |identity| {
            let separator = if identity.parameters.is_empty() { "" } else { "; " };
            identity.parameters += &format!("{separator}{parameter}");
        });
    }
}

/// The columns of a row, as text.
pub(crate) fn columns_of<R: Schema>() -> String {
    RowType::of::<R>().columns_text()
}

/// What a plan says of a type of rows. What is made of it is compiled once, and not for each type.
#[derive(Clone, Copy)]
pub(super) struct RowType {
    pub(super) name: &'static str,
    pub(super) columns: Columns,
    /// With the paths of modules and all parameters.
    pub(super) full_name: &'static str,
}

impl RowType {
    pub(super) fn of<R: Schema>() -> Self {
        RowType { name: R::NAME, columns: R::COLUMNS, full_name: std::any::type_name::<R>() }
    }

    pub(super) fn columns_text(self) -> String {
        let column = |column: &Column| {
            let key = if column.primary_key { " (key)" } else { "" };
            format!("{}: {}{key}", column.name, column.type_name)
        };
        let columns = self.columns.iter().map(column).collect::<Vec<_>>().join(", ");
        // The columns of a row that a macro has made have types that are parameters of the row.
        let parameters = self.full_name.split_once('<').map_or(String::new(), |(_, types)| format!(" <{types}"));
        columns + &parameters
    }
}
