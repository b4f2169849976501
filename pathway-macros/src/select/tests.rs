//! Tests of `select!`. The snapshots in `tests/expand/select/` show its whole expansion.

use quote::quote;

use super::select;

#[test]
fn every_mistake_is_reported() {
    let expanded = select(quote!(o in orders => { a: o.id, ..p, o.price * 2.0, a: o.id, b: 1 c: 2 })).to_string();
    assert_eq!(expanded.matches("compile_error").count(), 5, "{expanded}");
}
