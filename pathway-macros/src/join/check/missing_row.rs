//! Reports columns that are taken from a row that may be missing, which is an `Option`.

use quote::{ToTokens, quote};
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, Ident, PatIdent};

use crate::errors::Errors;
use crate::row::row_access::{clone_datum, is_row};

/// Reports each `c.name` in the expression, where `row` is `c`.
pub(super) fn check(expr: &mut Expr, row: &Ident, errors: &mut Errors) {
    let mut bindings = BindingFinder { row, found: false };
    bindings.visit_expr_mut(expr);
    // If a pattern such as `|c|` binds the name again, only the compiler knows where it means the row itself.
    if !bindings.found {
        FieldReporter { row, errors }.visit_expr_mut(expr);
    }
}

struct BindingFinder<'a> {
    row: &'a Ident,
    found: bool,
}

impl VisitMut for BindingFinder<'_> {
    fn visit_pat_ident_mut(&mut self, pattern: &mut PatIdent) {
        self.found |= pattern.ident == *self.row;
        visit_mut::visit_pat_ident_mut(self, pattern);
    }
}

struct FieldReporter<'a> {
    row: &'a Ident,
    errors: &'a mut Errors,
}

impl VisitMut for FieldReporter<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        visit_mut::visit_expr_mut(self, expr);
        let Expr::Field(field) = expr else { return };
        if !is_row(&field.base, self.row) {
            return;
        }
        let (row, column) = (self.row, field.member.to_token_stream());
        let message = format!(
            "`{row}` may be missing because of its `?`, so it is an `Option`\n\
             help: write `{row}.map(|{row}| {row}.{column}.clone())`, which is `None` where `{row}` is missing"
        );
        self.errors.error_spanned_by(&*field, message);
        // Continues with the suggested code, so that the mistake causes no other errors.
        let clone = clone_datum(expr);
        *expr = Expr::Verbatim(quote!(#row.map(|#row| #clone)));
    }
}
