//! What the row's name and its columns become where the row is at hand.

use syn::{Expr, ExprCall, Ident, Macro};

use super::extent::Extent;
use super::walk::{Meaning, Use, walk};
use crate::errors::Errors;

/// Rewrites an expression over a row for a closure that has the row by reference.
///
/// A column that is taken by value is duplicated, so that no `.clone()` is needed; all else is left as written.
pub(crate) fn over_row(expr: &mut Expr, usage: Use, row: &Ident, errors: &mut Errors) {
    walk(expr, usage, &mut OverRow { row, forbidden: &|_| None, shadowed: false, errors });
}

/// The same, where some calls cannot be made: `forbidden` says why not.
pub(crate) fn over_row_without(
    expr: &mut Expr,
    row: &Ident,
    forbidden: &dyn Fn(&ExprCall) -> Option<String>,
    errors: &mut Errors,
) {
    walk(expr, Use::Value, &mut OverRow { row, forbidden, shadowed: false, errors });
}

struct OverRow<'a> {
    row: &'a Ident,
    forbidden: &'a dyn Fn(&ExprCall) -> Option<String>,
    /// Whether a variable with the row's name was reported: what the name means from there on is unclear.
    shadowed: bool,
    errors: &'a mut Errors,
}

impl Meaning for OverRow<'_> {
    fn rewrite(&mut self, expr: &mut Expr, usage: Use) -> bool {
        if self.shadowed {
            return true;
        }
        if let Expr::Call(call) = expr
            && let Some(why) = (self.forbidden)(call)
        {
            self.errors.at(&call.func, why);
            // Of the type of its argument, as most results are: nothing else goes wrong because of it.
            *expr = call.args.first().cloned().unwrap_or_else(|| syn::parse_quote!(0_i64));
        }
        if let Expr::Reference(reference) = expr
            && reference.mutability.is_none()
            && is_row(&reference.expr, self.row)
        {
            // The closure's parameter is this reference already.
            *expr = (*reference.expr).clone();
            return true;
        }
        if !is_place(expr, self.row) {
            return false;
        }
        let whole = is_row(expr, self.row);
        match usage {
            Use::Value if whole => *expr = Extent::of(expr).call("clone_datum", expr),
            Use::Value => *expr = clone_datum(expr),
            Use::Place if whole => *expr = Extent::of(expr).dereferenced(self.row),
            Use::Place | Use::Receiver => {}
        }
        true
    }

    fn binds(&mut self, name: &Ident) {
        self.shadowed |= report_shadow(name, self.row, self.errors);
    }

    fn looks_into(&self, _: &Macro) -> bool {
        false
    }

    fn cannot_read(&mut self, _: &mut Macro) {}
}

/// A copy of what stands at a place.
pub(crate) fn clone_datum(place: &Expr) -> Expr {
    let extent = Extent::of(place);
    extent.call("clone_datum", &extent.reference(place))
}

/// Whether the expression is the row, or a field of it, at any depth: `o`, `o.city`, `o.pair.0`.
pub(crate) fn is_place(expr: &Expr, row: &Ident) -> bool {
    match expr {
        Expr::Field(field) => is_place(&field.base, row),
        expr => is_row(expr, row),
    }
}

/// Whether the expression is the row.
pub(crate) fn is_row(expr: &Expr, row: &Ident) -> bool {
    matches!(expr, Expr::Path(path) if path.path.is_ident(row))
}

/// A variable with the row's name would make it unclear which of the two is meant. Whether it is one.
pub(crate) fn report_shadow(name: &Ident, row: &Ident, errors: &mut Errors) -> bool {
    let shadows = name == row;
    if shadows {
        errors.at(name, format!("`{row}` is the row: choose another name here"));
    }
    shadows
}
