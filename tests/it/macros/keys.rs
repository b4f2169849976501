//! The keys of `reduce!`.

use pathway::prelude::*;

use super::{column, rows};

#[test]
fn several_keys_are_written_with_or_without_parentheses() {
    let expected = [("Oslo".to_owned(), 1, 2), ("Oslo".to_owned(), 2, 1), ("Rome".to_owned(), 1, 1)];
    let bare = column(
        |orders| reduce!(o in orders by o.city, o.day => { city: o.city, day: o.day, n: count() }),
        |row| (row.city, row.day, row.n),
    );
    assert_eq!(bare, expected);
    let parenthesized = column(
        |orders| reduce!(o in orders by (o.city, o.day) => { city: o.city, day: o.day, n: count() }),
        |row| (row.city, row.day, row.n),
    );
    assert_eq!(parenthesized, expected);
}

#[test]
fn a_key_can_be_any_expression() {
    let rows = rows(|orders| {
        reduce!(o in orders by o.city.to_lowercase(), o.id % 2 => {
            city: o.city.to_lowercase(),
            rest: (o.id % 2) + 10,
            n: count(),
        })
    });
    let rows: Vec<_> = rows.iter().map(|row| (&*row.city, row.rest, row.n)).collect();
    assert_eq!(rows, [("oslo", 10, 1), ("oslo", 11, 2), ("rome", 10, 1)]);
}

#[test]
fn a_key_can_be_used_anywhere_in_an_output() {
    fn shout(word: String) -> String {
        word.to_uppercase()
    }
    let rows = rows(|orders| {
        reduce!(o in orders by o.city => {
            length: o.city.len() as i64,
            shouted: shout(o.city),
            joined: o.city + "!",
            some: Some(o.city),
            label: format!("{}: {}", o.city, count()),
            is_rome: o.city == "Rome",
            greatest: max(o.city),
            initial: match o.city.chars().next() { Some(initial) => initial.to_string(), None => o.city },
        })
    });
    let row = &rows[1];
    assert_eq!((row.length, &*row.shouted, &*row.joined, row.some.as_deref()), (4, "ROME", "Rome!", Some("Rome")));
    assert_eq!((&*row.label, row.is_rome, &*row.greatest, &*row.initial), ("Rome: 1", true, "Rome", "R"));
}
