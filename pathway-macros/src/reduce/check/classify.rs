//! Tells reducer calls from other calls.
//!
//! A call is a reducer call if its function is the name of a builtin reducer, or if one of its arguments needs a single
//! row. An argument does not need a single row where it uses the row only in keys and in other reducer calls. Of two
//! such calls, one inside the other, the reducer is the one that calls a type or a builtin reducer: `Median` in
//! `round(Median(o.price))`.

use syn::{Expr, ExprCall, Ident, Macro, Path};

use super::builtin;
use super::keys::Keys;
use crate::row::rewriter::{ExprContext, Rewriter, rewrite};
use crate::row::row_access::is_row_access;
use crate::row::tokens::mentions;

/// The function of a call, if it is a path.
pub(crate) fn callee(call: &ExprCall) -> Option<&Path> {
    match &*call.func {
        Expr::Path(path) if path.qself.is_none() => Some(&path.path),
        _ => None,
    }
}

/// Whether an expression needs a single row, outside of keys and reducer calls.
pub(crate) fn needs_row(expr: &Expr, row: &Ident, keys: &Keys) -> bool {
    let mut finder = RowAccessFinder { row, keys, found: false };
    rewrite(&mut expr.clone(), ExprContext::Value, &mut finder);
    finder.found
}

/// Whether a path is `Some`, `Ok` or `Err`, which are never reducers.
pub(crate) fn is_std_constructor(path: &Path) -> bool {
    ["Some", "Ok", "Err"].iter().any(|constructor| path.is_ident(constructor))
}

/// Whether a path looks like a type: its last segment starts with an uppercase letter.
pub(crate) fn is_type(path: &Path) -> bool {
    path.segments.last().is_some_and(|last| last.ident.to_string().starts_with(char::is_uppercase))
}

/// Whether the name alone shows that a path is a reducer: it is a builtin reducer or a type.
fn is_reducer_name(path: &Path) -> bool {
    let is_builtin = path.get_ident().is_some_and(|name| builtin::find(name).is_some());
    is_builtin || is_type(path) && !is_std_constructor(path)
}

/// Looks for uses of the row. It replaces nothing.
struct RowAccessFinder<'a> {
    row: &'a Ident,
    keys: &'a Keys,
    found: bool,
}

impl Rewriter for RowAccessFinder<'_> {
    fn rewrite(&mut self, expr: &mut Expr, _: ExprContext) -> bool {
        if self.keys.find(expr).is_some() {
            return true;
        }
        if let Expr::Call(call) = expr
            && callee(call).is_some_and(is_reducer_name)
        {
            return true;
        }
        let found = is_row_access(expr, self.row);
        self.found |= found;
        found
    }

    fn on_binding(&mut self, _: &Ident) {}

    fn rewrites_arguments_of(&self, _: &Macro) -> bool {
        true
    }

    fn on_opaque_macro(&mut self, macro_call: &mut Macro) {
        self.found |= mentions(macro_call.tokens.clone(), self.row);
    }
}
