//! What is known of a type while its layout is found out.

use super::announce::RowField;
use super::{Layout, RowColumn, Scalar};

/// What is known of a value so far.
#[derive(Debug)]
pub(super) enum Node {
    Unknown,
    Scalar(Scalar),
    Option(Box<Node>),
    Hashed(Box<Node>),
    Sorted(Box<Node>),
    Seq(Box<Node>),
    Map(Box<(Node, Node)>),
    Tuple(Vec<Node>),
    Variants(Vec<Node>),
    Enum(&'static [&'static str]),
    Row(Vec<RowField>, Vec<Node>),
}

impl Node {
    pub(super) fn is_complete(&self) -> bool {
        match self {
            Node::Unknown => false,
            Node::Scalar(_) | Node::Enum(_) => true,
            Node::Option(value) | Node::Seq(value) | Node::Hashed(value) | Node::Sorted(value) => value.is_complete(),
            Node::Map(entry) => entry.0.is_complete() && entry.1.is_complete(),
            Node::Tuple(values) | Node::Variants(values) | Node::Row(_, values) => values.iter().all(Node::is_complete),
        }
    }

    pub(super) fn into_layout(self) -> Option<Layout> {
        let all = |nodes: Vec<Node>| nodes.into_iter().map(Node::into_layout).collect::<Option<Vec<_>>>();
        Some(match self {
            Node::Unknown => return None,
            Node::Scalar(scalar) => Layout::Scalar(scalar),
            Node::Option(value) => Layout::Option(value.into_layout()?.into()),
            Node::Sorted(values) => Layout::Sorted(values.into_layout()?.into()),
            Node::Hashed(value) => Layout::Hashed(value.into_layout()?.into()),
            Node::Seq(value) => Layout::Seq(value.into_layout()?.into()),
            Node::Map(entry) => Layout::Map(entry.0.into_layout()?.into(), entry.1.into_layout()?.into()),
            Node::Tuple(values) => {
                // A row that is flattened has no part of the key as `()`, which takes no bytes.
                let is_some = |value: &Layout| *value != Layout::Scalar(Scalar::Unit);
                Layout::Tuple(all(values)?.into_iter().filter(is_some).collect())
            }
            Node::Variants(values) => Layout::Variants(all(values)?),
            Node::Enum(names) => Layout::Enum(names.iter().map(|name| (*name).to_owned()).collect()),
            Node::Row(fields, values) => Layout::Row(columns(fields, all(values)?)?),
        })
    }

    /// The node, which is `new` if nothing was known of it.
    pub(super) fn or_set(&mut self, new: Node) -> &mut Node {
        if matches!(self, Node::Unknown) {
            *self = new;
        }
        self
    }
}

/// The columns of a row, those of flattened rows among them: a row within a row is written like the columns that it consists of.
fn columns(fields: Vec<RowField>, layouts: Vec<Layout>) -> Option<Vec<RowColumn>> {
    let mut columns = Vec::new();
    for (field, layout) in fields.into_iter().zip(layouts) {
        match (field, layout) {
            (RowField::Column(name, type_name, default), layout) => {
                columns.push(RowColumn { name, type_name, layout, default });
            }
            (RowField::Flattened(replaced), Layout::Row(flattened)) => {
                columns.extend(flattened.into_iter().map(|column| match replaced.contains(&column.name) {
                    // It is kept, and never read.
                    true => RowColumn { name: format!("{} (replaced)", column.name), ..column },
                    false => column,
                }));
            }
            (RowField::Flattened(_), _) => return None,
        }
    }
    Some(columns)
}
