//! `filter!` keeps the rows for which its condition holds.

use pathway::prelude::*;

use super::{Order, column};

#[test]
fn keeps_the_rows_for_which_the_condition_holds() {
    assert_eq!(column(|orders| filter!(o in orders => o.price > 15.0 && o.city == "Oslo"), |o| o.id), [2, 3]);
}

#[test]
fn a_column_can_be_the_condition() {
    assert_eq!(column(|orders| filter!(o in orders => o.paid), |o| o.id), [2, 4]);
}

#[test]
fn takes_a_reference_and_leaves_the_table() {
    let ids = column(
        |orders| {
            let reference = &orders;
            let big = filter!(o in reference => o.price > 15.0);
            filter!(o in &big => orders_like(&o))
        },
        |o| o.id,
    );
    assert_eq!(ids, [4]);

    fn orders_like(order: &Order) -> bool {
        order.city == "Rome"
    }
}

#[test]
fn takes_any_expression_of_a_table() {
    assert_eq!(column(|orders| filter!(o in { orders.clone() } => o.id == 1,), |o| o.id), [1]);
    assert_eq!(column(|orders| filter!(o in filter!(o in orders => o.paid) => o.id > 2), |o| o.id), [4]);
}

#[test]
fn captures_local_variables() {
    let (limit, city) = (15.0, "Oslo".to_owned());
    assert_eq!(column(|orders| filter!(o in orders => o.price > limit && o.city == city), |o| o.id), [2, 3]);
}

#[test]
fn a_condition_can_be_a_block() {
    let ids = column(
        |orders| {
            filter!(o in orders => {
                let note = o.note;
                note.is_some_and(|note| note.starts_with('g'))
            })
        },
        |o| o.id,
    );
    assert_eq!(ids, [4]);
}
