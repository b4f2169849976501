//! Tests of `top!`. The snapshots in `tests/expand/top/` show its whole expansion.

use quote::quote;

use super::top;

#[test]
fn every_mistake_is_reported() {
    for input in [
        quote!(),
        quote!(b in bids by b.a order b.x => { b.x }),
        quote!(of b in bids by b.a order b.x => { b.x }),
        quote!(3 b in bids by b.a order b.x => { b.x }),
        quote!(3 of b by b.a order b.x => { b.x }),
        quote!(3 of b in bids b.a order b.x => { b.x }),
        quote!(3 of b in bids by b.a => { b.x }),
        quote!(3 of b in bids by b.a order => { b.x }),
        quote!(3 of b in bids by b.a order by b.x => { b.x }),
        quote!(3 of b in bids by b.a order b.x descending => { b.x }),
        quote!(3 of b in bids by b.a order |b| b.x => { b.x }),
        quote!(3 of b in bids by b.a order 7 => { b.x }),
        quote!(3 of b in bids by b.a order b.x { b.x }),
        quote!(3 of b in bids by rank: b.a order b.x => { b.x }),
        quote!(3 of b in bids by b: b.a order b.x => { b.x }),
        quote!(3 of b in bids by a: b.a, a: b.c order b.x => { b.x }),
        quote!(3 of b in bids by c: b.a, b.c order b.x => { b.x }),
        quote!(3 of b in bids by b.a.c, b.d.c order b.x => { c }),
        quote!(3 of b in bids by a: b.a order b.x => { x: { let a = 3; a } }),
        quote!(3 of b in bids by b.a order),
        quote!(0 of b in bids by b.a order b.x => { b.x }),
        quote!(b.n of b in bids by b.a order b.x => { b.x }),
        quote!(3 of rank in bids by rank.a order rank.x => { rank.x }),
        quote!(3 of b in bids by b.a order b.x => { ..b.x, rank }),
        quote!(3 of b in bids by b.a order b.x => { b.x where b.y }),
        quote!(3 of b in bids by b.a order b.x => {}),
    ] {
        let expanded = top(input.clone()).to_string();
        assert_eq!(expanded.matches("compile_error").count(), 1, "{input}: {expanded}");
    }
}

#[test]
fn the_number_is_any_expression() {
    for n in [quote!(limit), quote!(config.n), quote!(f(3) + 1), quote!(n as usize), quote!({ 3 })] {
        let expanded = top(quote!(#n of b in bids by b.a, b.c order b.x desc, -b.y asc, => { ..b, rank })).to_string();
        assert!(!expanded.contains("compile_error"), "{expanded}");
        assert!(expanded.contains(&format!(". top ({n} ,")), "{expanded}");
    }
}

#[test]
fn without_keys_the_table_is_one_group() {
    let expanded = top(quote!(1 of b in bids order b.x => { b.x })).to_string();
    assert!(expanded.contains(". group_by (move | _ | ())") && expanded.contains("move | b , _ |"), "{expanded}");
}

#[test]
fn the_rank_can_be_anywhere_in_an_expression() {
    for value in [quote!(rank), quote!(rank + 1), quote!(format!("{rank}")), quote!(f(&[rank])), quote!(Some(rank))] {
        let expanded = top(quote!(1 of b in bids order b.x => { a: #value })).to_string();
        assert!(expanded.contains("move | _ , rank |"), "{expanded}");
    }
    let expanded = top(quote!(1 of b in bids order b.x => { a: b.rank })).to_string();
    assert!(expanded.contains("move | b , _ |"), "{expanded}");
}

#[test]
fn the_new_row_can_be_left_out() {
    for end in [quote!(), quote!(,)] {
        let expanded = top(quote!(1 of b in bids by b.a order b.x desc #end)).to_string();
        assert!(!expanded.contains("compile_error") && !expanded.contains("struct"), "{expanded}");
        assert!(expanded.contains("| row , _ |"), "{expanded}");
    }
}

#[test]
fn only_names_of_keys_that_are_used_are_computed() {
    for (value, names) in [
        (quote!(day), 1),
        (quote!(format!("{day}")), 1),
        (quote!(format!("{}", city)), 1),
        (quote!(city + &*day), 2),
        (quote!(b.day), 0),
        (
            quote!({
                let city = b.x;
                city
            }),
            0,
        ),
        (quote!(day(b.x)), 0),
        (quote!(city(&day)), 1),
    ] {
        let expanded = top(quote!(1 of b in bids by day: f(&b.at), b.city order b.x => { x: #value })).to_string();
        assert_eq!(expanded.matches("unused_variables").count(), names, "{expanded}");
    }
}
