//! A walk through a JSON document along the pointers of a schema.

use std::cell::Cell;

use crate::data::{DecodeError, JsonText};
use crate::format::json::decode::{array, object};

/// One step down: into a member of an object, or an element of an array.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step<'k> {
    /// The member of that name.
    Member(&'k str),
    /// The element at that position, from 0.
    Element(usize),
}

/// Remembers the first trouble of nested walks, whose callbacks have no way to return it.
#[derive(Default)]
pub struct Walk {
    trouble: Cell<Option<DecodeError>>,
}

impl Walk {
    /// A walk that has met no trouble yet.
    pub fn new() -> Self {
        Walk::default()
    }

    /// Visits the members of an object; a value that is no object has none.
    pub fn members<'a>(&self, value: JsonText<'a>, visit: &mut dyn FnMut(&str, JsonText<'a>)) {
        self.keep(object(value, visit));
    }

    /// Visits the members of an object or the elements of an array, whichever the value is.
    pub fn children<'a>(&self, value: JsonText<'a>, visit: &mut dyn FnMut(Step<'_>, JsonText<'a>)) {
        if value.text.starts_with('[') {
            self.keep(array(value, &mut |index, value| visit(Step::Element(index), value)));
        } else {
            self.keep(object(value, &mut |name, value| visit(Step::Member(name), value)));
        }
    }

    /// Ends the walk.
    ///
    /// # Errors
    /// The first trouble: the document is not JSON.
    pub fn finish(&self) -> Result<(), DecodeError> {
        self.trouble.take().map_or(Ok(()), Err)
    }

    fn keep(&self, walked: Result<(), DecodeError>) {
        if let Err(trouble) = walked {
            // A nested walk ends before the one around it: what was kept first is nearer to the cause.
            let first = self.trouble.take().unwrap_or(trouble);
            self.trouble.set(Some(first));
        }
    }
}
