//! Tests of `row!`. The snapshots in `tests/expand/row/` show its whole expansion.

use quote::quote;

use super::row;

#[test]
fn every_mistake_is_reported() {
    for input in [
        quote!(),
        quote!(o.price * 2.0),
        quote!(a: o.id, a: o.city),
        quote!(a: o.id, .., ),
        quote!(a: o.id, ..o, b: o.city),
        quote!(..o, ..p),
        quote!(n: sum(o.x) where o.y),
        quote!({ o.id }),
        quote!(Cost { o.id } o),
        quote!(a: 1 b: 2),
    ] {
        let expanded = row(input.clone()).to_string();
        assert_eq!(expanded.matches("compile_error").count(), 1, "{input}: {expanded}");
    }
}

#[test]
fn only_fields_of_variables_are_cloned() {
    for (value, clones) in [
        (quote!(o.city), 1),
        (quote!(o.pair.0), 1),
        (quote!(city), 0),
        (quote!(o.city.len()), 0),
        (quote!(o.price * 2.0), 0),
        (quote!(find(o).city), 0),
        (quote!(rows[0].city), 0),
    ] {
        let expanded = row(quote!(a: #value)).to_string();
        assert_eq!(expanded.matches("clone_datum").count(), clones, "{expanded}");
    }
}
