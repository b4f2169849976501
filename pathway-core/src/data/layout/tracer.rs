//! What a deserializer notes that finds out the layout of a type.

use std::fmt;

use super::Scalar;
use super::announce::{Announcement, announced};
use super::marked::{HASHES_OF, SORTED};
use super::node::Node;

/// How deep values may be nested: a type that contains itself has no layout.
const MOST_LEVELS: usize = 64;

/// Why a type has no layout.
#[derive(Debug)]
pub(crate) struct TraceError(pub(super) String);

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TraceError {}

/// A deserializer that notes what is asked for, and answers with values that most types accept.
///
/// How it answers (`trace.rs`) is compiled for each type that is saved; what it notes, here, is not.
#[derive(Debug)]
pub(crate) struct Tracer<'a> {
    pub(super) node: &'a mut Node,
    pub(super) levels: usize,
}

pub(super) fn unexpected() -> TraceError {
    TraceError("it reads something else the second time".to_owned())
}

impl<'a> Tracer<'a> {
    /// A single value.
    pub(super) fn scalar(self, scalar: Scalar) -> Result<(), TraceError> {
        match self.node.or_set(Node::Scalar(scalar)) {
            Node::Scalar(known) if *known == scalar => Ok(()),
            _ => Err(unexpected()),
        }
    }

    pub(super) fn inside(node: &'a mut Node, levels: usize) -> Result<Tracer<'a>, TraceError> {
        match levels < MOST_LEVELS {
            true => Ok(Tracer { node, levels: levels + 1 }),
            false => Err(TraceError("it contains itself".to_owned())),
        }
    }

    /// A tuple of so many values, or a row of so many columns.
    pub(super) fn values(self, len: usize) -> Result<Values<'a>, TraceError> {
        let Tracer { node, levels } = self;
        let unknown = (0..len).map(|_| Node::Unknown).collect();
        let node = node.or_set(match announced() {
            Some(Announcement::Row(fields)) => Node::Row(fields, unknown),
            _ => Node::Tuple(unknown),
        });
        match node {
            Node::Tuple(values) | Node::Row(_, values) if values.len() == len => {
                Ok(Values { values: values.iter_mut(), levels })
            }
            _ => Err(unexpected()),
        }
    }

    /// A number, or that of a variant. Returns it.
    pub(super) fn number(self) -> Result<u64, TraceError> {
        let Some(Announcement::Enum(names)) = announced() else {
            self.scalar(Scalar::U64)?;
            return Ok(1);
        };
        match self.node.or_set(Node::Enum(names)) {
            // Each enum has a first variant.
            Node::Enum(_) => Ok(0),
            _ => Err(unexpected()),
        }
    }

    pub(super) fn option(self) -> Result<Tracer<'a>, TraceError> {
        match self.node.or_set(Node::Option(Node::Unknown.into())) {
            Node::Option(value) => Tracer::inside(value, self.levels),
            _ => Err(unexpected()),
        }
    }

    pub(super) fn newtype(self, name: &'static str) -> Result<Tracer<'a>, TraceError> {
        let node = match name {
            HASHES_OF => match self.node.or_set(Node::Hashed(Node::Unknown.into())) {
                Node::Hashed(value) => value,
                _ => return Err(unexpected()),
            },
            SORTED => match self.node.or_set(Node::Sorted(Node::Unknown.into())) {
                Node::Sorted(values) => values,
                _ => return Err(unexpected()),
            },
            _ => self.node,
        };
        Tracer::inside(node, self.levels)
    }

    pub(super) fn seq(self) -> Result<Values<'a>, TraceError> {
        match self.node.or_set(Node::Seq(Node::Unknown.into())) {
            Node::Seq(value) => {
                Ok(Values { values: std::slice::from_mut(&mut **value).iter_mut(), levels: self.levels })
            }
            _ => Err(unexpected()),
        }
    }

    pub(super) fn map(self) -> Result<OneEntry<'a>, TraceError> {
        match self.node.or_set(Node::Map(Box::new((Node::Unknown, Node::Unknown)))) {
            Node::Map(entry) => {
                let (key, value) = &mut **entry;
                Ok(OneEntry { key: Some(key), value: Some(value), levels: self.levels })
            }
            _ => Err(unexpected()),
        }
    }

    pub(super) fn variant(self, variants: usize) -> Result<Variant<'a>, TraceError> {
        let unknown = Node::Variants((0..variants).map(|_| Node::Unknown).collect());
        let Node::Variants(nodes) = self.node.or_set(unknown) else { return Err(unexpected()) };
        let number = nodes.iter().position(|node| !node.is_complete()).unwrap_or(0);
        match nodes.get_mut(number) {
            Some(node) => Ok(Variant { number, tracer: Tracer::inside(node, self.levels)? }),
            None => Err(TraceError("an enum without variants has no value".to_owned())),
        }
    }
}

pub(super) struct Values<'a> {
    pub(super) values: std::slice::IterMut<'a, Node>,
    pub(super) levels: usize,
}

impl<'a> Values<'a> {
    pub(super) fn next(&mut self) -> Result<Option<Tracer<'a>>, TraceError> {
        self.values.next().map(|node| Tracer::inside(node, self.levels)).transpose()
    }
}

pub(super) struct OneEntry<'a> {
    pub(super) key: Option<&'a mut Node>,
    pub(super) value: Option<&'a mut Node>,
    pub(super) levels: usize,
}

pub(super) struct Variant<'a> {
    pub(super) number: usize,
    pub(super) tracer: Tracer<'a>,
}
