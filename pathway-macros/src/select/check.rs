//! Checks the new row of a `select!`, and how its columns use the old row.

use syn::Pat;
use syn::visit_mut::{self, VisitMut};

use super::ast::Select;
use crate::errors::Errors;
use crate::row;
use crate::row::field_access::clone_fields_of;
use crate::row::rewriter::ExprContext;
use crate::row::row_access::{check_shadowing, rewrite_row_access};

/// Rewrites the columns for a closure over the row. Returns `None` if there is no row to build.
pub(crate) fn check(mut select: Select, errors: &mut Errors) -> Option<Select> {
    let Select { binding, elements, output } = &mut select;
    let row = &binding.row;
    row::where_clause::forbid(output, errors);
    let has_row = row::rest::check(output, &[row], errors);
    if !row::check::check(output, errors) || !has_row {
        return None;
    }
    let mut names = Names::default();
    for elements in elements {
        rewrite_row_access(&mut elements.list, ExprContext::Value, row, errors);
        clone_fields_of(&names.0, &mut elements.list);
        names.visit_pat_mut(&mut elements.pattern);
    }
    for name in &names.0 {
        let _ = check_shadowing(name, row, errors);
    }
    for column in &mut output.columns {
        rewrite_row_access(&mut column.value, ExprContext::Value, row, errors);
        clone_fields_of(&names.0, &mut column.value);
    }
    Some(select)
}

/// The names that patterns bind.
#[derive(Default)]
struct Names(Vec<proc_macro2::Ident>);

impl VisitMut for Names {
    fn visit_pat_mut(&mut self, pattern: &mut Pat) {
        if let Pat::Ident(pattern) = pattern {
            self.0.push(pattern.ident.clone());
        }
        visit_mut::visit_pat_mut(self, pattern);
    }
}
