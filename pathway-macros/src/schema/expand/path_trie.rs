//! The columns by their paths in the document, so that a shared prefix of two paths is walked once.

use std::collections::BTreeMap;

use crate::schema::ast::{Column, Pointer};

/// A place in a JSON document.
#[derive(Debug, Default, PartialEq)]
pub(super) struct PathTrie {
    /// The indices of the columns that are read here.
    pub(super) columns: Vec<usize>,
    /// The places below, by member name or array index.
    pub(super) children: BTreeMap<String, PathTrie>,
}

impl PathTrie {
    /// The trie of all columns that are read from the payload. A column without a pointer is a member of the document.
    pub(super) fn new(columns: &[Column]) -> PathTrie {
        let mut root = PathTrie::default();
        let of_payload = columns.iter().enumerate().filter(|(_, column)| column.metadata.is_none());
        for (index, column) in of_payload {
            match &column.pointer {
                Some(pointer) => root.insert(pointer, index),
                None => root.insert(&Pointer::of_member(&column.name), index),
            }
        }
        root
    }

    /// The columns that are read below this place, without those that are read here.
    pub(super) fn columns_below(&self) -> Vec<usize> {
        let all = |child: &PathTrie| child.columns.iter().copied().chain(child.columns_below()).collect::<Vec<_>>();
        self.children.values().flat_map(all).collect()
    }

    fn insert(&mut self, pointer: &Pointer, column: usize) {
        let place = pointer.tokens.iter().fold(self, |node, token| node.children.entry(token.clone()).or_default());
        place.columns.push(column);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_prefix_is_one_node_and_can_have_columns() {
        let mut root = PathTrie::default();
        for (index, tokens) in [&["a", "b"][..], &["a"], &["a", "c"], &[]].iter().enumerate() {
            let tokens = tokens.iter().map(|token| (*token).to_owned()).collect();
            root.insert(&Pointer { text: String::new(), tokens }, index);
        }
        assert_eq!(root.columns, [3]);
        assert_eq!(root.children.len(), 1);
        let a = &root.children["a"];
        assert_eq!((a.columns.as_slice(), a.columns_below().as_slice()), (&[1][..], &[0, 2][..]));
        assert_eq!(root.columns_below(), [1, 0, 2]);
    }
}
