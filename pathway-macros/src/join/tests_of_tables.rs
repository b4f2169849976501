//! Tests of `join!` of three and more tables, and of columns that are named once.

use quote::quote;

use super::join;

/// The methods that make the joined tables, in order.
fn kinds(expanded: &str) -> Vec<&str> {
    let calls = expanded.split(". ").filter_map(|call| call.split_once(" (move |").map(|(method, _)| method));
    calls.filter(|method| ["inner", "left", "right", "full"].contains(method)).collect()
}

#[test]
fn marks_say_the_kind_of_each_join() {
    for (kinds_of, tables) in [
        (["inner", "inner"], quote!(o in a, c in b on o.c == c.id, p in d on o.p == p.id)),
        (["inner", "left"], quote!(o in a, c in b on o.c == c.id, p? in d on o.p == p.id)),
        (["left", "inner"], quote!(o in a, c? in b on o.c == c.id, p in d on o.p == p.id)),
        (["right", "left"], quote!(o? in a, c in b on o.c == c.id, p? in d on c.p == p.id)),
        (["full", "right"], quote!(o? in a, c? in b on o.c == c.id, p in d on c.map(|c| c.p) == Some(p.id))),
        (["full", "full"], quote!(o? in a, c? in b on o.c == c.id, p? in d on c.map(|c| c.p) == Some(p.id))),
    ] {
        let expanded = join(quote!(#tables => { n: 1 })).to_string();
        assert!(!expanded.contains("compile_error"), "{tables}: {expanded}");
        assert_eq!(kinds(&expanded), kinds_of, "{tables}: {expanded}");
    }
}

/// The columns that the rows between the joins have of each row, and those that the second join keeps.
#[test]
fn columns_that_are_used_later_are_passed_on() {
    let expanded = join(quote!(
        o in orders,
        c? in customers on o.customer == c.id && c.active,
        p in products on o.product == p.id && c.is_none_or(|c| c.limit > o.price) => { o.id, name: c.map(|c| c.name.clone()), p.title }
    ));
    let expanded = expanded.to_string();
    let structs = expanded.split("KeptColumns for ").skip(1).map(|after| {
        let (name, _) = after.split_once(' ').expect("a name");
        let (_, names) = after.split_once("= & [").expect("names");
        let (names, _) = names.split_once(']').expect("names");
        format!("{name}: {}", names.replace([' ', '"'], ""))
    });
    let structs: Vec<_> = structs.collect();
    assert_eq!(
        structs,
        [
            "Columns1Of_o: id,price,product",
            "Columns2Of_o: id,price",
            "Columns1Of_c: active,limit,name",
            "Columns2Of_c: limit,name",
            "Columns1Of_p: title",
        ]
    );
}

#[test]
fn whole_rows_are_passed_on() {
    let expanded =
        join(quote!(o in a, c in b on o.c == c.id, p in d on o.p == p.id => { ..o, n: c.total() })).to_string();
    assert!(!expanded.contains("Of_o") && !expanded.contains("Of_c") && expanded.contains("Of_p"), "{expanded}");
    assert!(!expanded.contains("left_parts"), "{expanded}");
}

#[test]
fn columns_are_named_once() {
    for (keys, on) in [
        ("on id", quote!(on id)),
        ("on id, region", quote!(on id, region)),
        ("on id, region", quote!(on(id, region))),
        ("on id, o.x == c.y", quote!(on id, o.x == c.y)),
        ("on id", quote!(on id, o.x < c.y, open)),
        ("on id", quote!(on id,)),
    ] {
        let expanded = join(quote!(o in orders, c in customers #on => { o.id })).to_string();
        let expected = if keys == "on id" && on.to_string().contains("open") { "on id, open" } else { keys };
        assert!(!expanded.contains("compile_error"), "{on}: {expanded}");
        assert!(expanded.contains(&format!("{expected:?}")), "{on}: {expanded}");
    }
}

/// It is the column of the first row before the table that is there.
#[test]
fn a_column_that_is_named_once_is_of_the_first_row_that_is_there() {
    let expanded = join(quote!(o? in a, c in b on o.c == c.id, p in d on region => { c.id })).to_string();
    let key = ":: pathway :: __private :: key (:: pathway :: __private :: clone_datum (& c . region))";
    assert!(expanded.contains(key), "{expanded}");
    // Between commas, a name is a column; behind `&&`, it is a local variable.
    let expanded = join(quote!(o in a, c in b on o.c == c.id && open => { c.id })).to_string();
    assert!(expanded.contains(". and (move | _ , _ | open)"), "{expanded}");
}

#[test]
fn every_mistake_is_reported() {
    for (mistakes, input) in [
        (1, quote!(o in a, c in b, p in d on o.c == c.id && o.p == p.id => { o.id })),
        (1, quote!(o in a, c in b on o.c == c.id && o.p == p.id, p in d on o.p == p.id => { o.id })),
        (1, quote!(o in a, c in b on o.c == c.id p in d on o.p == p.id => { o.id })),
        (1, quote!(o in a, c in b on o.c == c.id, p d on o.p == p.id => { o.id })),
        (1, quote!(o in a, c in b on o.c == c.id, p? d on o.p == p.id => { o.id })),
        (1, quote!(o in a, c in b on o.c == c.id, p in d => { o.id })),
        (1, quote!(o in a, c in b on o.c == c.id, p in d on o.c == c.id => { o.id })),
        (1, quote!(o in a, c in b on o.c == c.id, o in d on c.p == o.id => { c.id })),
        (1, quote!(o in a, c? in b on o.c == c.id, p in d on c.p == p.id => { o.id })),
        (2, quote!(o in a, c? in b on o.c == c.id, p in d on c.p == p.id => { o.id, c.name })),
        (1, quote!(o in a, c? in b on o.c == c.id, p in d on o.p == p.id && c.x < p.x => { o.id })),
        (1, quote!(o in a, c? in b on o.c == c.id, p in d on o.p == p.id asof c.at >= p.at => { o.id })),
        (2, quote!(o in a, c in b on o.c = c.id, p in d on o.p < p.id => { o.id })),
        (1, quote!(o? in a, c? in b on o.c == c.id, p in d on id => { p.id })),
        (1, quote!(o? in a, c? in b on o.c == c.id, p in d asof_now on o.map(|o| o.p) == Some(p.id) => { p.id })),
        (1, quote!(o? in a, c? in b on o.c == c.id, p? in d on o.map(|o| o.p) == Some(p.id) => { ..o })),
        (1, quote!(o in a, c in b on id && o.x < c.x => { o.id })),
        (1, quote!(o in a, c in b on id => { ..o, ..c, ..o })),
        (1, quote!(o in a, c in b on id => { ..o, n: 1, ..c })),
        (1, quote!(o in a, c in b on id => Both { ..o, ..c })),
        (1, quote!(o in a, c? in b on id => { ..o, ..c })),
        (
            1,
            quote!(
                a in t, b in t on id, c in t on id, d in t on id, e in t on id, f in t on id, g in t on id, h in t on id, i in t on id,
                j in t on id, k in t on id, l in t on id, m in t on id, n in t on id => { a.id }
            ),
        ),
    ] {
        let expanded = join(input.clone()).to_string();
        assert_eq!(expanded.matches("compile_error").count(), mistakes, "{input}: {expanded}");
    }
}
