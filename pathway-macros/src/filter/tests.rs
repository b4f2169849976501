//! Tests of `filter!`. The snapshots in `tests/expand/filter/` show its whole expansion.

use quote::quote;

use super::filter;

#[test]
fn a_missing_arrow_is_reported_and_the_condition_kept() {
    let expanded = filter(quote!(o in orders o.price > 1.0)).to_string();
    assert!(expanded.contains("compile_error") && expanded.contains("o . price > 1.0"), "{expanded}");
}

#[test]
fn a_row_that_is_not_used_is_not_bound() {
    assert!(filter(quote!(o in orders => true)).to_string().contains("| _ |"));
}
