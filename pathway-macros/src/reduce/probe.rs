//! Tells reducer calls from other calls.
//!
//! A call is a reducer call if its name is a reducer's word, or if an argument speaks of a row itself:
//! neither of a key, nor of what another reducer made of the rows.
//! Where two such calls are nested, a type or a word of ours inside a function is the reducer: `round(Median(o.price))`.

use syn::{Expr, ExprCall, Ident, Macro, Path};

use super::builtin;
use super::keys::Keys;
use crate::row::place::is_place;
use crate::row::tokens::mentions;
use crate::row::walk::{Meaning, Use, walk};

/// The function of a call, where it is a path.
pub(crate) fn callee(call: &ExprCall) -> Option<&Path> {
    match &*call.func {
        Expr::Path(path) if path.qself.is_none() => Some(&path.path),
        _ => None,
    }
}

/// Whether an expression needs a single row, outside of keys and reducer calls.
pub(crate) fn needs_row(expr: &Expr, row: &Ident, keys: &Keys) -> bool {
    let mut probe = Probe { row, keys, found: false };
    walk(&mut expr.clone(), Use::Value, &mut probe);
    probe.found
}

/// `Some`, `Ok` and `Err` are the types' own constructors, never reducers.
pub(crate) fn is_constructor(path: &Path) -> bool {
    ["Some", "Ok", "Err"].iter().any(|constructor| path.is_ident(constructor))
}

struct Probe<'a> {
    row: &'a Ident,
    keys: &'a Keys,
    found: bool,
}

impl Meaning for Probe<'_> {
    fn rewrite(&mut self, expr: &mut Expr, _: Use) -> bool {
        if self.keys.find(expr).is_some() {
            return true;
        }
        if let Expr::Call(call) = expr
            && callee(call).is_some_and(is_surely_reducer)
        {
            return true;
        }
        let found = is_place(expr, self.row);
        self.found |= found;
        found
    }

    fn binds(&mut self, _: &Ident) {}

    fn looks_into(&self, _: &Macro) -> bool {
        true
    }

    fn cannot_read(&mut self, macro_call: &mut Macro) {
        self.found |= mentions(macro_call.tokens.clone(), self.row);
    }
}

/// Whether a path names a reducer by its looks: a word of ours, or a type.
fn is_surely_reducer(path: &Path) -> bool {
    let known = path.get_ident().is_some_and(|word| builtin::find(word).is_some());
    known || is_type(path) && !is_constructor(path)
}

/// Whether a path looks like a type: its last name begins with a capital.
pub(crate) fn is_type(path: &Path) -> bool {
    path.segments.last().is_some_and(|last| last.ident.to_string().starts_with(char::is_uppercase))
}
