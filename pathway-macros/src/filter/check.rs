//! Checks how the condition of a `filter!` uses the row.

use super::ast::Filter;
use crate::errors::Errors;
use crate::row::rewriter::ExprContext;
use crate::row::row_access::rewrite_row_access;

/// Rewrites the condition for a closure over the row.
pub(crate) fn check(mut filter: Filter, errors: &mut Errors) -> Option<Filter> {
    rewrite_row_access(&mut filter.condition, ExprContext::Place, &filter.binding.row, errors);
    Some(filter)
}
