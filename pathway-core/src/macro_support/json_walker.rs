//! Walks through a JSON document along the JSON pointers of a schema.

use std::cell::Cell;

use crate::data::{DecodeError, JsonText, excerpt};
use crate::format::json::decode::{array, object};

/// One segment of a path into a document: a member of an object, or an element of an array.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PathSegment<'k> {
    /// The member with a name.
    Member(&'k str),
    /// The element at a position, counted from 0.
    Element(usize),
}

/// Keeps the first error of nested walks, whose callbacks cannot return it.
#[derive(Default)]
pub struct JsonWalker {
    error: Cell<Option<DecodeError>>,
}

impl JsonWalker {
    /// A walker without an error.
    pub fn new() -> Self {
        JsonWalker::default()
    }

    /// Visits the members of the document itself, which must be an object.
    ///
    /// Any other document would be a row of defaults where every column has one.
    pub fn document_members<'a>(&self, document: JsonText<'a>, visit: &mut dyn FnMut(&str, JsonText<'a>)) {
        self.members(document, visit);
        if !document.text.starts_with('{') {
            self.keep(Err(not_an_object(document)));
        }
    }

    /// Visits the members or elements of the document itself, which must be an object or an array.
    pub fn document_children<'a>(&self, document: JsonText<'a>, visit: &mut dyn FnMut(PathSegment<'_>, JsonText<'a>)) {
        self.children(document, visit);
        if !document.text.starts_with(['{', '[']) {
            self.keep(Err(not_an_object(document)));
        }
    }

    /// Visits the members of an object. A value that is not an object has none.
    pub fn members<'a>(&self, value: JsonText<'a>, visit: &mut dyn FnMut(&str, JsonText<'a>)) {
        self.keep(object(value, visit));
    }

    /// Visits the members of an object or the elements of an array.
    pub fn children<'a>(&self, value: JsonText<'a>, visit: &mut dyn FnMut(PathSegment<'_>, JsonText<'a>)) {
        if value.text.starts_with('[') {
            self.keep(array(value, &mut |index, value| visit(PathSegment::Element(index), value)));
        } else {
            self.keep(object(value, &mut |name, value| visit(PathSegment::Member(name), value)));
        }
    }

    /// Ends the walk.
    ///
    /// # Errors
    /// The document is not JSON. The first error of all walks is returned.
    pub fn finish(&self) -> Result<(), DecodeError> {
        self.error.take().map_or(Ok(()), Err)
    }

    fn keep(&self, walked: Result<(), DecodeError>) {
        if let Err(error) = walked {
            // A nested walk ends before the outer one, so the first error is the closest to the cause.
            let first = self.error.take().unwrap_or(error);
            self.error.set(Some(first));
        }
    }
}

/// The document has no members that columns could be read from.
#[cold]
fn not_an_object(document: JsonText<'_>) -> DecodeError {
    let found = excerpt(document.text);
    let reason = match document.text.starts_with('[') {
        true => format!(
            "expected a JSON object, found the array `{found}`: read messages that hold several rows with `.json_lines()`"
        ),
        false => format!("expected a JSON object, found `{found}`"),
    };
    DecodeError::payload(reason, document.offset)
}

impl std::fmt::Debug for JsonWalker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JsonWalker").finish_non_exhaustive()
    }
}
