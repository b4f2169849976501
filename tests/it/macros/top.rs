//! What `top!` means.

use pathway::ErrorKind;
use pathway::prelude::*;

use super::{Order, column, orders, rows};
use crate::support::assert_error;

#[test]
fn the_first_rows_of_each_group_with_their_ranks() {
    let highest = column(
        |orders| top!(2 of o in orders by o.city order o.price desc => { o.city, rank, o.id }),
        |row| (row.city, row.rank, row.id),
    );
    assert_eq!(highest, [("Oslo".to_owned(), 1, 3), ("Oslo".to_owned(), 2, 2), ("Rome".to_owned(), 1, 4)]);
}

#[test]
fn rows_of_the_whole_table() {
    assert_eq!(column(|orders| top!(1 of o in orders order o.id => { o.id }), |row| row.id), [1]);
    assert_eq!(column(|orders| top!(9 of o in orders order o.id asc, => { o.id }), |row| row.id), [1, 2, 3, 4]);
}

#[test]
fn several_columns_and_expressions_in_both_directions() {
    let rows = rows(|orders| {
        top!(1 of o in orders by o.day, o.city.len() as i64 order o.note.is_some() desc, o.city.to_lowercase() desc, -o.id => {
            o.day,
            o.id,
        })
    });
    assert_eq!(rows.iter().map(|row| (row.day, row.id)).collect::<Vec<_>>(), [(1, 4), (2, 3)]);
}

#[test]
fn missing_values_are_less_than_others() {
    let first = |orders: Table<Order>| top!(2 of o in orders order o.note => { o.id, rank });
    assert_eq!(column(first, |row| (row.id, row.rank)), [(1, 1), (3, 2)]);
    let last = |orders: Table<Order>| top!(2 of o in orders order o.note desc => { o.id, rank });
    assert_eq!(column(last, |row| (row.id, row.rank)), [(2, 2), (4, 1)]);
}

#[test]
fn all_columns_and_new_ones() {
    let rows = rows(
        |orders| top!(1 of o in orders by o.city order o.quantity desc => { ..o, rank, label: format!("#{rank} in {}", o.city) }),
    );
    assert_eq!((rows[0].id, rows[0].rank, &*rows[0].label), (3, 1, "#1 in Oslo"));
    let whole = column(|orders| top!(1 of o in orders order o.id => Order { ..o }), |row| row.id);
    assert_eq!(whole, [1]);
}

#[derive(Debug, PartialEq, Schema)]
struct Place {
    rank: i64,
    id: i64,
}

#[test]
fn a_named_struct_with_its_rank() {
    let places = rows(|orders| top!(2 of o in orders order o.price desc => Place { rank, id: o.id }));
    assert_eq!(places, [Place { rank: 1, id: 4 }, Place { rank: 2, id: 3 }]);
}

#[test]
fn a_key_is_used_by_its_name() {
    let rows = rows(|orders| {
        top!(1 of o in orders by parity: o.id % 2, o.city order o.price desc => {
            city,
            parity,
            o.id,
            label: format!("{rank} in {city}, {}", parity),
            shouted: city.to_uppercase() + if parity == 0 { "!" } else { "?" },
        })
    });
    let rows: Vec<_> = rows.iter().map(|row| (&*row.city, row.parity, row.id, &*row.label, &*row.shouted)).collect();
    let expected = [
        ("Oslo", 0, 2, "1 in Oslo, 0", "OSLO!"),
        ("Oslo", 1, 3, "1 in Oslo, 1", "OSLO?"),
        ("Rome", 0, 4, "1 in Rome, 0", "ROME!"),
    ];
    assert_eq!(rows, expected);
}

/// As in `reduce!`: the name of a key comes before that of a local variable, and a function can have the same name.
#[test]
fn a_name_is_that_of_the_key() {
    fn city(city: &str) -> i64 {
        city.len() as i64
    }
    let (day, id) = (100, 7);
    let rows = rows(
        |orders| top!(1 of o in orders by o.city, o.day order o.id => { day, id, length: city(&o.city), next: { let place = rank; place + 1 } }),
    );
    assert_eq!(
        rows.iter().map(|row| (row.day, row.id, row.length, row.next)).collect::<Vec<_>>(),
        [(1, 7, 4, 2), (1, 7, 4, 2), (2, 7, 4, 2)]
    );
    assert_eq!(day, 100);
}

#[test]
fn the_rows_as_they_are() {
    let newest: fn(&Table<Order>) -> Table<Order> = |orders| top!(1 of o in orders by o.city order o.id desc);
    assert_eq!(column(|orders| newest(&orders), |o| (o.city, o.id)), [("Oslo".to_owned(), 3), ("Rome".to_owned(), 4)]);
    assert_eq!(column(|orders| top!(2 of o in orders order o.price, o.id,), |o| o.id), [1, 2]);
}

#[test]
fn the_number_is_evaluated_once() {
    let mut calls = 0;
    let mut number = || {
        calls += 1;
        calls + 1
    };
    assert_eq!(column(|orders| top!(number() of o in orders order o.id => { o.id }), |row| row.id), [1, 2]);
    assert_eq!(calls, 1);
}

#[test]
fn no_rows_are_an_error_at_the_start() {
    let (pipeline, none) = (Pipeline::new(), 0);
    let _ = top!(none of o in orders(&pipeline) order o.id => { o.id }).collect();
    let error = pipeline.run().unwrap_err();
    assert_error(&error, ErrorKind::Config, &["`top` of 0 rows of each group", "it must be at least one"]);
}

#[test]
fn pictures_show_what_it_does() {
    let pipeline = Pipeline::new();
    let orders = orders(&pipeline);
    let _ = top!(3 of o in orders by o.city order o.price desc, o.id => { o.id }).collect();
    let picture = pipeline.graph().to_mermaid();
    assert!(picture.contains("3 by o.city order o.price desc, o.id"), "{picture}");
}
