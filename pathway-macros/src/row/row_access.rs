//! Rewrites expressions over a row for a closure that has the row by reference.

use syn::{Expr, ExprCall, Ident, Macro};

use super::rewriter::{ExprContext, Rewriter, rewrite};
use super::span_range::SpanRange;
use crate::errors::Errors;

/// Rewrites what an expression takes from a row.
///
/// A column that is used by value is cloned, so that users need not write `.clone()`. Everything else stays as written.
pub(crate) fn rewrite_row_access(expr: &mut Expr, context: ExprContext, row: &Ident, errors: &mut Errors) {
    rewrite(expr, context, &mut RowAccessRewriter::new(row, errors));
}

/// The same for a value in which some calls are forbidden: `forbidden` returns the error message for those.
pub(crate) fn rewrite_row_access_without(
    expr: &mut Expr,
    row: &Ident,
    forbidden: &dyn Fn(&ExprCall) -> Option<String>,
    errors: &mut Errors,
) {
    rewrite(expr, ExprContext::Value, &mut RowAccessRewriter { row, forbidden, shadowed: false, errors });
}

/// The rewriter of [`rewrite_row_access`].
pub(crate) struct RowAccessRewriter<'a> {
    pub(crate) row: &'a Ident,
    forbidden: &'a dyn Fn(&ExprCall) -> Option<String>,
    /// Whether a variable with the row's name was reported. After it, the meaning of the name is unclear.
    shadowed: bool,
    pub(crate) errors: &'a mut Errors,
}

impl<'a> RowAccessRewriter<'a> {
    pub(crate) fn new(row: &'a Ident, errors: &'a mut Errors) -> Self {
        RowAccessRewriter { row, forbidden: &|_| None, shadowed: false, errors }
    }
}

impl Rewriter for RowAccessRewriter<'_> {
    fn rewrite(&mut self, expr: &mut Expr, context: ExprContext) -> bool {
        if self.shadowed {
            return true;
        }
        if let Expr::Call(call) = expr
            && let Some(message) = (self.forbidden)(call)
        {
            self.errors.error_spanned_by(&call.func, message);
            // Most such calls have the type of their argument, so the mistake causes no other errors.
            *expr = call.args.first().cloned().unwrap_or_else(|| syn::parse_quote!(0_i64));
        }
        if let Expr::Reference(reference) = expr
            && reference.mutability.is_none()
            && is_row(&reference.expr, self.row)
        {
            // The closure's parameter is already this reference.
            *expr = (*reference.expr).clone();
            return true;
        }
        if !is_row_access(expr, self.row) {
            return false;
        }
        let whole = is_row(expr, self.row);
        match context {
            ExprContext::Value if whole => *expr = SpanRange::of(expr).call("clone_datum", expr),
            ExprContext::Value => *expr = clone_datum(expr),
            ExprContext::Place if whole => *expr = SpanRange::of(expr).dereference(self.row),
            ExprContext::Place | ExprContext::Receiver => {}
        }
        true
    }

    fn on_binding(&mut self, name: &Ident) {
        self.shadowed |= check_shadowing(name, self.row, self.errors);
    }

    fn rewrites_arguments_of(&self, _: &Macro) -> bool {
        false
    }

    fn on_opaque_macro(&mut self, _: &mut Macro) {}
}

/// A clone of the value at a place.
pub(crate) fn clone_datum(place: &Expr) -> Expr {
    let spans = SpanRange::of(place);
    spans.call("clone_datum", &spans.reference(place))
}

/// Whether the expression is the row, or a field of it, at any depth: `o`, `o.city`, `o.pair.0`, `o.base().city`.
pub(crate) fn is_row_access(expr: &Expr, row: &Ident) -> bool {
    match expr {
        Expr::Field(field) => is_row_access(&field.base, row) || is_base_of_row(&field.base, row),
        expr => is_row(expr, row),
    }
}

/// Whether the expression is `o.base()`, the row that `o` extends: its fields are columns, too.
fn is_base_of_row(expr: &Expr, row: &Ident) -> bool {
    match expr {
        Expr::MethodCall(call) => call.method == "base" && call.args.is_empty() && is_row(&call.receiver, row),
        _ => false,
    }
}

/// Whether the expression is the row.
pub(crate) fn is_row(expr: &Expr, row: &Ident) -> bool {
    matches!(expr, Expr::Path(path) if path.path.is_ident(row))
}

/// Reports a variable with the row's name, which would make the meaning of the name unclear. Returns whether it is one.
pub(crate) fn check_shadowing(name: &Ident, row: &Ident, errors: &mut Errors) -> bool {
    let shadows = name == row;
    if shadows {
        errors.error_spanned_by(name, format!("`{row}` is the name of the row: choose another name here"));
    }
    shadows
}
