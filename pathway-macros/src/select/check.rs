//! Checks the new row of a `select!`, and how its columns use the old row.

use super::ast::Select;
use crate::errors::Errors;
use crate::row;
use crate::row::rewriter::ExprContext;
use crate::row::row_access::rewrite_row_access;

/// Rewrites the columns for a closure over the row. Returns `None` if there is no row to build.
pub(crate) fn check(mut select: Select, errors: &mut Errors) -> Option<Select> {
    let Select { binding, output } = &mut select;
    row::where_clause::forbid(output, errors);
    row::rest::check(output, &[&binding.row], errors);
    if !row::check::check(output, errors) {
        return None;
    }
    for column in &mut output.columns {
        rewrite_row_access(&mut column.value, ExprContext::Value, &binding.row, errors);
    }
    Some(select)
}
