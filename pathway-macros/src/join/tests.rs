//! What `join!` makes of its input.

use quote::quote;

use super::join;
use crate::row::tokens::same_tokens;

#[test]
fn becomes_a_call_of_the_typed_methods() {
    let expanded = join(quote!(o in orders, c? in customers on o.customer == c.id => Named {
        order: o.id,
        name: c.map(|c| c.name.clone()),
    }));
    let expected = quote! { {
        ::pathway::__private::table(&orders)
            .join(::pathway::__private::table(&customers))
            .on(
                move |o| ::pathway::__private::key(::pathway::__private::duplicate(&o.customer)),
                move |c| ::pathway::__private::key(::pathway::__private::duplicate(&c.id))
            )
            .left(move |o, c| ::pathway::__private::row(Named {
                order: ::pathway::__private::duplicate(&o.id),
                name: c.map(|c| c.name.clone())
            }))
    } };
    assert!(same_tokens(expanded.clone(), expected), "{expanded}");
}

#[test]
fn several_keys_are_a_tuple_and_either_side_may_come_first() {
    let expanded =
        join(quote!(o? in orders, c? in customers on c.id == o.customer && (o.at / 60 == c.minute) => { n: 1 }));
    let expanded = expanded.to_string();
    assert!(expanded.contains("move | o | (") && expanded.contains("move | c | ("), "{expanded}");
    assert!(expanded.contains(". full (move | _ , _ |"), "{expanded}");
}

#[test]
fn asof_now_is_a_word_before_the_keys() {
    let expanded = join(quote!(t in trades, r in rates asof_now on t.currency == r.currency => { t.id, r.rate }));
    assert!(expanded.to_string().contains(". asof_now () . inner ("), "{expanded}");
}

#[test]
fn every_mistake_is_reported() {
    for (mistakes, input) in [
        (1, quote!(o in orders on o.id == c.id => { o.id })),
        (1, quote!(o in orders, c in customers => { o.id })),
        (1, quote!(o in orders, o in customers on o.id == o.id => { o.id })),
        (1, quote!(o in orders, c in customers on o.id = c.id => { o.id })),
        (1, quote!(o in orders, c in customers on o.id < c.id => { o.id })),
        (2, quote!(o in orders, c in customers on o.id == o.id && c.id == 1 => { o.id })),
        (2, quote!(o in orders, c? in customers on o.id == c.id => { o.id, c.name, city: c.city.len() })),
        (1, quote!(t? in trades, r in rates asof_now on t.currency == r.currency => { r.rate })),
    ] {
        let expanded = join(input.clone()).to_string();
        assert_eq!(expanded.matches("compile_error").count(), mistakes, "{input}: {expanded}");
    }
}
