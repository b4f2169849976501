//! What `select!` makes of its input.

use quote::quote;

use super::select;
use crate::row::tokens::same_tokens;

#[test]
fn an_anonymous_row_is_a_struct_with_a_type_parameter_a_column() {
    let expanded = select(quote!(o in orders => { id: o.id, #[schema(rename = "c")] cost: o.price * 2.0, }));
    let expected = quote! { {
        #[derive(::core::clone::Clone, ::core::fmt::Debug, ::core::cmp::PartialEq, ::pathway::Schema)]
        struct AnonymousRow<T0, T1> { id: T0, #[schema(rename = "c")] cost: T1 }
        ::pathway::__private::table(&orders).select(move |o| AnonymousRow {
            id: ::pathway::__private::column(::pathway::__private::clone_datum(&o.id)),
            cost: ::pathway::__private::column(::pathway::__private::clone_datum(&o.price) * 2.0)
        })
    } };
    assert!(same_tokens(expanded.clone(), expected), "{expanded}");
}

#[test]
fn every_mistake_is_reported() {
    let expanded = select(quote!(o in orders => { a: o.id, ..p, o.price * 2.0, a: o.id, b: 1 c: 2 })).to_string();
    assert_eq!(expanded.matches("compile_error").count(), 5, "{expanded}");
}

#[test]
fn the_columns_of_the_row_itself_lie_in_an_anonymous_row() {
    let expanded = select(quote!(o in orders => { ..o, cost: o.price })).to_string();
    for part in [
        "struct AnonymousRow < R , T0 > { # [schema (rest)] __row : R , cost : T0 }",
        "Deref for AnonymousRow < R , T0 >",
        "AnonymousRow { __row : :: pathway :: __private :: clone_datum (o) , cost : ",
    ] {
        assert!(expanded.contains(part), "{part}: {expanded}");
    }
}

#[test]
fn the_rest_of_a_named_row_is_a_struct_update() {
    let expanded = select(quote!(o in orders => Order { ..o, price: 2.0 }));
    let expected = quote! { {
        ::pathway::__private::table(&orders).select(move |o| ::pathway::__private::row(Order {
            price: 2.0,
            ..::pathway::__private::BaseRow(o).remaining_columns()
        }))
    } };
    assert!(same_tokens(expanded.clone(), expected), "{expanded}");
}
