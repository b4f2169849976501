//! Tests of `select!`. The snapshots in `tests/expand/select/` show its whole expansion.

use quote::quote;

use super::select;

#[test]
fn every_mistake_with_elements_is_reported() {
    for input in [
        quote!(o in orders, => { o.id } o),
        quote!(o in orders, item => { item }),
        quote!(o in orders, item of o.items => { item }),
        quote!(o in orders, o in o.items => { o.id }),
        quote!(o in orders, (o, n) in o.items => { n }),
        quote!(o in orders, item in o.items { item }),
        quote!(o in orders, 3 + 4 in o.items => { o.id }),
    ] {
        let expanded = select(input.clone()).to_string();
        assert_eq!(expanded.matches("compile_error").count(), 1, "{input}: {expanded}");
    }
}

#[test]
fn fields_of_elements_are_cloned_and_elements_are_not() {
    let expanded = select(quote!(o in orders, (a, b) in o.pairs, c in &a.list => { a.x, y: f(b.y), z: c.len(), c, b }))
        .to_string();
    assert!(!expanded.contains("compile_error"), "{expanded}");
    for (text, count) in [("clone_datum (& a . x)", 1), ("clone_datum (& b . y)", 1), ("clone_datum", 3), ("for ", 2)] {
        assert_eq!(expanded.matches(text).count(), count, "{text}: {expanded}");
    }
}

#[test]
fn columns_of_the_base_of_a_row_are_cloned() {
    let expanded = select(quote!(o in orders => { o.base().city, n: o.base().len(), p: p.base().city })).to_string();
    assert_eq!(expanded.matches("clone_datum (& o . base () . city)").count(), 1, "{expanded}");
    assert_eq!(expanded.matches("clone_datum").count(), 1, "{expanded}");
}

#[test]
fn every_mistake_is_reported() {
    let expanded = select(quote!(o in orders => { a: o.id, ..p, o.price * 2.0, a: o.id, b: 1 c: 2 })).to_string();
    assert_eq!(expanded.matches("compile_error").count(), 5, "{expanded}");
}
