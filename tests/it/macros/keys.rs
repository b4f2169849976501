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

#[test]
fn a_key_is_used_by_its_name() {
    struct Pair {
        city: String,
        n: i64,
    }
    let city = 7; // The key comes before the variable.
    assert_eq!(city, 7);
    let rows = rows(|orders| {
        reduce!(o in orders by odd: o.id % 2, o.city => {
            odd,
            city,
            next: odd + 1,
            label: format!("{city} {odd:02}: {}", count()),
            length: city.len() as i64,
            pair: { let pair = Pair { city, n: count() }; format!("{} {}", pair.city, pair.n) },
            is_oslo: city == "Oslo",
            same: o.city,
            also_odd: o.id % 2,
            total: sum(o.id),
        })
    });
    let row = &rows[0];
    assert_eq!((row.odd, &*row.city, row.next, &*row.label), (0, "Oslo", 1, "Oslo 00: 1"));
    assert_eq!(
        (row.length, &*row.pair, row.is_oslo, &*row.same, row.also_odd, row.total),
        (4, "Oslo 1", true, "Oslo", 0, 2)
    );
}

#[derive(Debug, PartialEq, Schema)]
struct Half {
    half: i64,
    n: i64,
}

#[test]
fn a_named_struct_takes_a_key_by_its_name() {
    let rows = rows(|orders| reduce!(o in orders by half: o.id / 2 => Half { half, n: count() }));
    assert_eq!(rows[0], Half { half: 0, n: 1 });
    let rows = super::rows(|orders| reduce!(o in orders by half: o.id / 2 => Half { half: half * 10, n: count() }));
    assert_eq!(rows[1], Half { half: 10, n: 2 });
}

#[test]
fn the_name_of_a_column_is_free_for_variables_and_functions() {
    fn city(city: String) -> String {
        city + "!"
    }
    let rows = rows(|orders| {
        reduce!(o in orders by o.city => {
            called: city(o.city),
            bound: ["Rome"].iter().filter(|city| **city == o.city).count() as i64,
            matched: match count() { 0 => 0, city => city + 1 },
        })
    });
    assert_eq!((&*rows[1].called, rows[1].bound, rows[1].matched), ("Rome!", 1, 2));
}
