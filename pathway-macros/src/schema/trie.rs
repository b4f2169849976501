//! The columns by the way that leads to them, so that a shared part of the way is walked once.

use std::collections::BTreeMap;

use super::ast::Column;
use super::pointer::Pointer;

/// A place in a JSON document.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Node {
    /// The columns that are read here, by number.
    pub(crate) columns: Vec<usize>,
    /// The places below, by member name or element index.
    pub(crate) children: BTreeMap<String, Node>,
}

impl Node {
    /// The document, with all columns at their places. A column without a pointer is a member of the document.
    pub(crate) fn of(columns: &[Column]) -> Node {
        let mut root = Node::default();
        let of_payload = columns.iter().enumerate().filter(|(_, column)| column.metadata.is_none());
        for (number, column) in of_payload {
            match &column.pointer {
                Some(pointer) => root.insert(pointer, number),
                None => root.insert(&Pointer::member(&column.name), number),
            }
        }
        root
    }

    /// The columns that are read somewhere below this place, without those read here.
    pub(crate) fn below(&self) -> Vec<usize> {
        let all = |child: &Node| child.columns.iter().copied().chain(child.below()).collect::<Vec<_>>();
        self.children.values().flat_map(all).collect()
    }

    fn insert(&mut self, pointer: &Pointer, number: usize) {
        let place = pointer.tokens.iter().fold(self, |node, token| node.children.entry(token.clone()).or_default());
        place.columns.push(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_way_is_one_node_and_a_leaf_can_be_a_prefix() {
        let mut root = Node::default();
        for (number, tokens) in [&["a", "b"][..], &["a"], &["a", "c"], &[]].iter().enumerate() {
            let tokens = tokens.iter().map(|token| (*token).to_owned()).collect();
            root.insert(&Pointer { text: String::new(), tokens }, number);
        }
        assert_eq!(root.columns, [3]);
        assert_eq!(root.children.len(), 1);
        let a = &root.children["a"];
        assert_eq!((a.columns.as_slice(), a.below().as_slice()), (&[1][..], &[0, 2][..]));
        assert_eq!(root.below(), [1, 0, 2]);
    }
}
