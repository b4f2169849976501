//! Tests of `reduce!`. The snapshots in `tests/expand/reduce/` show its whole expansion.

use quote::quote;

use super::reduce;

#[test]
fn every_mistake_with_windows_is_reported() {
    for input in [
        quote!(o in orders window => { n: count() }),
        quote!(o in orders window hourly(o.at) as w => { n: count() }),
        quote!(o in orders window tumbling(1.hours()) as w => { n: count() }),
        quote!(o in orders window tumbling(o.at, 1.hours()) as Vec<i64> => { n: count() }),
        quote!(o in orders window o.at as w => { n: count() }),
        quote!(o in orders window tumbling(o.at, 1.hours()).time_by() as w => { n: count() }),
        quote!(o in orders window tumbling(o.at, 1.hours()).time_by(o.a, o.b) as w => { n: count() }),
        quote!(o in orders window tumbling(o.at, 1.hours()).time_by(o.a).time_by(o.b) as w => { n: count() }),
    ] {
        let expanded = reduce(input.clone()).to_string();
        assert_eq!(expanded.matches("compile_error").count(), 1, "{input}: {expanded}");
    }
}

#[test]
fn the_parts_of_a_window_are_no_method_of_the_windows() {
    let input = quote!(o in orders window tumbling(o.at, 10).time_by(o.device).emit_on_close() as w => { n: count() });
    let expanded = reduce(input).to_string();
    assert!(expanded.contains("tumbling (10) . emit_on_close ()) . time_by (move | o |"), "{expanded}");
}

#[test]
fn equal_calls_share_one_reducer() {
    let expanded = reduce(quote!(o in orders => { a: sum(o.x), b: sum(o.x) / 2 })).to_string();
    assert_eq!(expanded.matches("reducers :: Sum").count(), 1, "{expanded}");
}

#[test]
fn arguments_without_the_row_are_parameters() {
    let expanded = reduce(quote!(o in orders => { a: own::Quantile(o.x, 0.95) })).to_string();
    assert!(expanded.contains("own :: Quantile (0.95)"), "{expanded}");
}

#[test]
fn builtin_reducers_have_parameters() {
    let expanded = reduce(quote!(o in orders => { a: quantile(o.x, q), b: top_k((o.x, o.y), 3) })).to_string();
    assert!(!expanded.contains("compile_error"), "{expanded}");
    assert!(expanded.contains(":: pathway :: reducers :: Quantile :: new (q)"), "{expanded}");
    assert!(expanded.contains(":: pathway :: reducers :: TopK :: new (3)"), "{expanded}");
}

#[test]
fn every_mistake_in_a_parameter_is_reported() {
    for input in [
        quote!(quantile(o.x)),
        quote!(quantile(o.x, 0.5, 1)),
        quote!(quantile(o.x, o.y)),
        quote!(quantile(0.5, o.x)),
        quote!(quantile(o.x, 1.5)),
        quote!(quantile(o.x, -0.5)),
        quote!(top_k(o.x, 0)),
        quote!(top_k(o.x, count())),
        quote!(median(o.x, 0.5)),
    ] {
        let expanded = reduce(quote!(o in orders by o.y => { a: #input })).to_string();
        assert_eq!(expanded.matches("compile_error").count(), 1, "{input}: {expanded}");
    }
}

#[test]
fn calls_that_do_not_need_a_row_are_not_reducer_calls() {
    let expanded =
        reduce(quote!(o in orders by o.x => { a: round(sum(o.y), 2), b: shout(o.x), c: Some(o.x) })).to_string();
    assert!(!expanded.contains("compile_error"), "{expanded}");
    assert!(expanded.contains("round (") && expanded.contains("shout (") && expanded.contains("Some ("), "{expanded}");
}

#[test]
fn every_mistake_is_reported() {
    let expanded = reduce(quote!(o in orders by o.x => {
        a: o.y, b: avrg(o.y), c: count(o.y), d: sum(), e: max(min(o.y)), f: o.y.len(), g: mediane(o.y),
    }));
    assert_eq!(expanded.to_string().matches("compile_error").count(), 7, "{expanded}");
}

#[test]
fn more_reducers_than_a_tuple_can_hold_are_nested() {
    let columns = (0..30).map(|index| {
        let name = quote::format_ident!("c{index}");
        quote!(#name: sum(o.x + #index))
    });
    let expanded = reduce(quote!(o in orders => { #(#columns),* })).to_string();
    assert!(expanded.contains("((__value0 ,"), "{expanded}");
}

#[test]
fn a_condition_ends_at_the_next_column() {
    let expanded = reduce(quote!(o in orders => {
        a: count() where o.x < 3 && f(o.y, 4), b: sum(o.x) where { o.x == P { x: 1, y: 2 }.x }, c: count() where o.z,
    }));
    let expanded = expanded.to_string();
    assert!(!expanded.contains("compile_error"), "{expanded}");
    assert_eq!(expanded.matches("let __condition").count(), 3, "{expanded}");
}

#[test]
fn equal_conditions_and_their_equal_calls_are_shared() {
    let expanded = reduce(quote!(o in orders => {
        a: sum(o.x) where o.y, b: sum(o.x) + 1 where o.y, c: min(o.x) where o.y, d: sum(o.x) where o.z, e: sum(o.x),
    }));
    let expanded = expanded.to_string();
    assert_eq!(expanded.matches("let __condition").count(), 2, "{expanded}");
    assert_eq!(expanded.matches("reducers :: Sum").count(), 3, "{expanded}");
    assert_eq!(expanded.matches("filtered (").count(), 3, "{expanded}");
}

#[test]
fn every_mistake_in_a_condition_is_reported() {
    for column in [
        quote!(a: count() where),
        quote!(a: count() where, b: count()),
        quote!(a: o.k where o.y),
        quote!(o.k where o.y),
        quote!(a: 3 where o.y),
        quote!(a: count() where o.y > max(o.y)),
        quote!(a: count() where f(w)),
        quote!(a: count() where o.y where o.z),
        quote!(a: mode(o.x) where o.y),
    ] {
        let expanded = reduce(quote!(o in orders by o.k window tumbling(o.at, 10) as w => { #column })).to_string();
        assert_eq!(expanded.matches("compile_error").count(), 1, "{column}: {expanded}");
    }
}
