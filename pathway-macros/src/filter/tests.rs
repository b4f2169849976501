//! What `filter!` makes of its input.

use quote::quote;

use super::filter;
use crate::row::tokens::same_tokens;

#[test]
fn becomes_a_call_of_the_typed_method() {
    let expanded = filter(quote!(o in orders => is_big(o.price) && o.city == "Oslo"));
    let expected = quote! { {
        ::pathway::__private::table(&orders)
            .filter(move |o| is_big(::pathway::__private::clone_datum(&o.price)) && o.city == "Oslo")
    } };
    assert!(same_tokens(expanded.clone(), expected), "{expanded}");
}

#[test]
fn a_missing_arrow_is_reported_and_the_condition_kept() {
    let expanded = filter(quote!(o in orders o.price > 1.0)).to_string();
    assert!(expanded.contains("compile_error") && expanded.contains("o . price > 1.0"), "{expanded}");
}

#[test]
fn a_row_that_is_not_used_is_not_bound() {
    assert!(filter(quote!(o in orders => true)).to_string().contains("| _ |"));
}
