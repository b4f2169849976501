//! Reports columns that are taken from a row that may be missing, which is an `Option`.

use quote::{ToTokens, quote};
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, Ident, Member, PatIdent};

use crate::errors::Errors;
use crate::row::row_access::{clone_datum, is_row};

/// Reports each `c.name` in a column of the new row, where `row` is `c`.
pub(super) fn check_column(expr: &mut Expr, row: &Ident, errors: &mut Errors) {
    let cure = |column: &Member| {
        let column = column.to_token_stream();
        format!("write `{row}.map(|{row}| {row}.{column}.clone())`, which is `None` where `{row}` is missing")
    };
    check(expr, row, &cure, errors);
}

/// Reports each `c.name` in a key of the rows before a table. `text` is the key, and `other` that of the table.
pub(super) fn check_key(expr: &mut Expr, row: &Ident, text: &str, other: &str, errors: &mut Errors) -> bool {
    let is_column = matches!(expr, Expr::Field(field) if is_row(&field.base, row));
    let clone = if is_column { ".clone()" } else { "" };
    let cure = |_: &Member| {
        format!("write `{row}.map(|{row}| {text}{clone}) == Some({other})`: where `{row}` is missing, it equals none")
    };
    check(expr, row, &cure, errors)
}

/// Reports each `c.name` in a condition beside the keys.
pub(super) fn check_condition(expr: &mut Expr, row: &Ident, text: &str, errors: &mut Errors) -> bool {
    let cure = |_: &Member| {
        format!(
            "write `{row}.is_some_and(|{row}| {text})`, which is false where `{row}` is missing, or `is_none_or`, which is true"
        )
    };
    check(expr, row, &cure, errors)
}

/// Reports each `c.at` in a time.
pub(super) fn check_time(expr: &mut Expr, row: &Ident, errors: &mut Errors) -> bool {
    let cure = |_: &Member| "rows are joined by the time of a row that is always there".to_owned();
    check(expr, row, &cure, errors)
}

/// Returns whether there is none.
fn check(expr: &mut Expr, row: &Ident, cure: &dyn Fn(&Member) -> String, errors: &mut Errors) -> bool {
    let mut bindings = BindingFinder { row, found: false };
    bindings.visit_expr_mut(expr);
    // If a pattern such as `|c|` binds the name again, only the compiler knows where it means the row itself.
    let mut reporter = FieldReporter { row, cure, errors, found: false };
    if !bindings.found {
        reporter.visit_expr_mut(expr);
    }
    !reporter.found
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
    /// What to write instead of the column.
    cure: &'a dyn Fn(&Member) -> String,
    errors: &'a mut Errors,
    found: bool,
}

impl VisitMut for FieldReporter<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        visit_mut::visit_expr_mut(self, expr);
        let Expr::Field(field) = expr else { return };
        if !is_row(&field.base, self.row) {
            return;
        }
        self.found = true;
        let row = self.row;
        let cure = (self.cure)(&field.member);
        let message = format!("`{row}` may be missing because of its `?`, so it is an `Option`\nhelp: {cure}");
        self.errors.error_spanned_by(&*field, message);
        // Continues with the suggested code, so that the mistake causes no other errors.
        let clone = clone_datum(expr);
        *expr = Expr::Verbatim(quote!(#row.map(|#row| #clone)));
    }
}
