//! Tests of `join!`. The snapshots in `tests/expand/join/` show its whole expansion.

use quote::quote;

use super::join;

#[test]
fn several_keys_are_a_tuple_and_either_side_may_come_first() {
    let expanded =
        join(quote!(o? in orders, c? in customers on c.id == o.customer && (o.at / 60 == c.minute) => { n: 1 }));
    let expanded = expanded.to_string();
    assert!(expanded.contains("move | o | (") && expanded.contains("move | c | ("), "{expanded}");
    assert!(expanded.contains(". full (move | _ , _ |"), "{expanded}");
}

/// The columns that are kept of each side; `None` if the whole row is.
fn kept(output: proc_macro2::TokenStream) -> [Option<String>; 2] {
    let expanded = join(quote!(o in orders, c? in customers on o.id == c.id => { #output })).to_string();
    assert!(!expanded.contains("compile_error"), "{expanded}");
    kept_in(&expanded)
}

fn kept_in(expanded: &str) -> [Option<String>; 2] {
    ["ColumnsOfLeft", "ColumnsOfRight"].map(|name| {
        let (_, after) = expanded.split_once(&format!("for {name}"))?;
        let (_, names) = after.split_once("= & [")?;
        Some(names.split_once(']')?.0.replace([' ', '"'], ""))
    })
}

#[test]
fn columns_that_are_mentioned_are_kept() {
    for (left, right, output) in [
        (Some("id"), Some(""), quote!(o.id)),
        (Some("at,id,to"), Some(""), quote!(text: format!("{} {:?}", o.id, (o.to)..o.at))),
        (Some("id,r"), Some(""), quote!(o.id, range: (0..o.r).len())),
        (Some("place"), Some("name"), quote!(zip: o.place.zip.len(), n: c.map(|c| c.name.clone()))),
        (Some("x"), Some("a,b"), quote!(n: c.map_or(o.x, |found| found.a + found.b * o.x))),
        (Some(""), Some("a"), quote!(n: c.and_then(|c| c.a), m: c.is_some(), k: c.is_none())),
        (Some("x"), Some("x"), quote!(n: c.map(|c| c.x).or_else(|| Some(o.x)))),
        (None, Some(""), quote!(..o, n: c.is_some())),
        (None, Some(""), quote!(n: o.total())),
        (None, Some(""), quote!(n: o.total::<i64>())),
        (None, Some(""), quote!(n: total(&o), o.id)),
        (None, Some(""), quote!(n: format!("{o:?}"), o.id)),
        (None, Some(""), quote!(n: { let all = (o, 1); all.1 })),
        (None, Some(""), quote!(n: 0..o)),
        (Some(""), None, quote!(n: c.map(name))),
        (Some(""), None, quote!(n: c.map(|c| c.name()))),
        (Some(""), None, quote!(n: c.map(|c| { let c = c.name.clone(); c.len() }))),
        (Some(""), None, quote!(n: c.map(|Customer { name, .. }| name.len()))),
        (Some(""), None, quote!(n: c.cloned())),
        (Some(""), None, quote!(n: match c { Some(c) => c.name.len(), None => 0 })),
        (Some(""), None, quote!(n: format!("{c:?}"))),
    ] {
        assert_eq!(kept(output.clone()), [left, right].map(|kept| kept.map(str::to_owned)), "{output}");
    }
}

#[test]
fn other_conditions_come_behind_the_keys() {
    for (on, keys, condition) in [
        (quote!(o.id == c.id && o.at < c.at), "on o.id == c.id", "move | o , c | o . at < c . at)"),
        (quote!(o.kind == 3 && o.id == c.id), "on o.id == c.id", "move | o , _ | o . kind == 3)"),
        (
            quote!((o.a == c.a && (o.x || c.x)) && (c.y == o.y) && open),
            "on o.a == c.a && c.y == o.y",
            "move | o , c | (o . x || c . x) && open)",
        ),
        (quote!(o.a == c.a && (o.b == c.b) == c.x), "on o.a == c.a", "move | o , c | (o . b == c . b) == c . x)"),
        (quote!(o.a == c.a && !closed), "on o.a == c.a", "move | _ , _ | ! closed)"),
    ] {
        let expanded = join(quote!(o in orders, c? in customers on #on => { o.id })).to_string();
        assert!(!expanded.contains("compile_error"), "{on}: {expanded}");
        assert!(
            expanded.contains(&format!(". and ({condition}")) && expanded.contains(&format!("{keys:?}")),
            "{on}: {expanded}"
        );
    }
}

#[test]
fn columns_of_a_condition_are_kept() {
    for (left, right, on) in [
        (Some("at,id"), Some("at"), quote!(o.id == c.id && o.at < c.at)),
        (Some("id"), Some("kind"), quote!(o.id == c.id && c.kind == 3)),
        (None, Some("at"), quote!(o.id == c.id && o.is_before(c.at))),
        (Some("id"), None, quote!(o.id == c.id && matches(c))),
    ] {
        let expanded = join(quote!(o in orders, c? in customers on #on => { o.id })).to_string();
        assert_eq!(kept_in(&expanded), [left, right].map(|kept| kept.map(str::to_owned)), "{on}");
    }
}

#[test]
fn asof_now_comes_before_the_keys() {
    let expanded = join(quote!(t in trades, r in rates asof_now on t.currency == r.currency => { t.id, r.rate }));
    assert!(expanded.to_string().contains(". asof_now () . inner ("), "{expanded}");
}

#[test]
fn times_come_after_the_keys() {
    for (written, expected) in [
        (quote!(within r.at - t.at in -5..=0), ". within (move | t |"),
        (quote!(within t.at - r.at in limits), ":: pathway :: __private :: reversed (limits)) . inner"),
        (quote!(asof t.at >= r.at), ". asof (move | t |"),
        (quote!(asof(r.at <= t.at)), "& r . at))) . inner"),
        (quote!(asof t.at <= r.at), ". forward () . inner"),
        (quote!(asof r.at >= t.at), ". forward () . inner"),
        (quote!(asof r.at nearest t.at), ". nearest () . inner"),
    ] {
        let expanded = join(quote!(t in trades, r in rates on t.currency == r.currency #written => { t.id, r.rate }));
        assert!(expanded.to_string().contains(expected), "{written}: {expanded}");
        assert!(!expanded.to_string().contains("compile_error"), "{written}: {expanded}");
    }
}

#[test]
fn every_mistake_in_a_time_clause_is_reported() {
    for (message, written) in [
        ("expected the difference of two times", quote!(on t.c == r.c within)),
        ("takes no parentheses", quote!(on t.c == r.c within(t.at - r.at in -1..=1))),
        ("expected `in`", quote!(on t.c == r.c within t.at - r.at < 5)),
        ("difference of a time of each row", quote!(on t.c == r.c within t.at - t.at in -1..=1)),
        ("difference of a time of each row", quote!(on t.c == r.c within t.at in -1..=1)),
        ("`..=`", quote!(on t.c == r.c within t.at - r.at in -1..1)),
        ("two ends", quote!(on t.c == r.c within t.at - r.at in ..=1)),
        ("cannot depend on `t`", quote!(on t.c == r.c within t.at - r.at in t.from..=1)),
        ("comes after the columns", quote!(within t.at - r.at in -1..=1 on t.c == r.c)),
        ("comes after the columns", quote!(asof t.at >= r.at on t.c == r.c)),
        ("comes before the columns", quote!(on t.c == r.c asof_now)),
        ("expected two times", quote!(on t.c == r.c asof)),
        ("takes a comparison of two times", quote!(on t.c == r.c asof t.at)),
        ("write `>=`", quote!(on t.c == r.c asof t.at > r.at)),
        ("write `<=`", quote!(on t.c == r.c asof t.at < r.at)),
        ("with `>=` or `<=`", quote!(on t.c == r.c asof t.at == r.at)),
        ("one side must be", quote!(on t.c == r.c asof t.at >= t.from)),
        ("takes a time of each row", quote!(on t.c == r.c asof t.at nearest 5)),
        ("cannot be combined with `asof_now`", quote!(asof_now on t.c == r.c asof t.at >= r.at)),
    ] {
        let expanded = join(quote!(t in trades, r in rates #written => { t.id })).to_string();
        assert_eq!(expanded.matches("compile_error").count(), 1, "{written}: {expanded}");
        assert!(expanded.contains(message), "{written}: {expanded}");
    }
    let missing = join(quote!(t? in trades, r in rates on t.c == r.c asof t.at >= r.at => { r.rate })).to_string();
    assert!(missing.contains("`t` cannot be missing"), "{missing}");
}

#[test]
fn every_mistake_is_reported() {
    for (mistakes, input) in [
        (1, quote!(o in orders on o.id == c.id => { o.id })),
        (1, quote!(o in orders, c in customers => { o.id })),
        (1, quote!(o in orders, o in customers on o.id == o.id => { o.id })),
        (1, quote!(o in orders, c in customers on o.id = c.id => { o.id })),
        (1, quote!(o in orders, c in customers on o.id < c.id => { o.id })),
        (1, quote!(o in orders, c in customers on o.id == c.id || o.id < c.id => { o.id })),
        (1, quote!(o in orders, c in customers on o.id == o.id && c.id == 1 => { o.id })),
        (1, quote!(o in orders, c in customers on o.id == c.id && (o.a = c.a) => { o.id })),
        (1, quote!(o in orders, c in customers on o.id == c.id && o.a < c.a asof o.at >= c.at => { o.id })),
        (1, quote!(o in orders, c in customers on o.id == c.id && { let o = 1; o > c.a } => { o.id })),
        (2, quote!(o in orders, c? in customers on o.id == c.id => { o.id, c.name, city: c.city.len() })),
        (1, quote!(t? in trades, r in rates asof_now on t.currency == r.currency => { r.rate })),
    ] {
        let expanded = join(input.clone()).to_string();
        assert_eq!(expanded.matches("compile_error").count(), mistakes, "{input}: {expanded}");
    }
}
