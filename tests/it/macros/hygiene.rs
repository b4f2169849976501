//! Generated names do not clash with the user's names.

use pathway::prelude::*;

use super::column;

#[test]
fn user_variables_do_not_clash_with_generated_ones() {
    let (__key0, __value0, __result0_0) = (100, 10, 1);
    let sums = column(
        |orders| reduce!(o in orders by o.city => { o.city, sum: __key0 + __value0 + __result0_0 + count() }),
        |row| row.sum,
    );
    assert_eq!(sums, [114, 112]);
}

#[test]
fn the_row_can_have_the_name_of_a_column() {
    let cities =
        column(|orders| reduce!(city in orders by city.city => { city: city.city, n: count() }), |row| row.city);
    assert_eq!(cities, ["Oslo", "Rome"]);
}

#[test]
fn macros_can_be_called_from_macros() {
    macro_rules! totals {
        ($row:ident in $table:expr, by $key:expr, sum $value:expr) => {
            reduce!($row in $table by $key => { key: $key, total: sum($value) })
        };
    }
    let totals = column(|orders| totals!(o in orders, by o.city, sum o.quantity), |row| (row.key, row.total));
    assert_eq!(totals, [("Oslo".to_owned(), 6), ("Rome".to_owned(), 4)]);
}

#[test]
fn names_of_the_standard_library_can_be_shadowed() {
    #[expect(non_camel_case_types, reason = "the worst names that a user could choose")]
    type f64 = std::primitive::i64;
    #[expect(dead_code, reason = "it only has to be there")]
    enum Option {
        None,
    }
    let quantities = column(|orders| select!(o in orders => { quantity: o.quantity as f64 }), |row| row.quantity);
    assert_eq!(quantities, [1, 2, 3, 4]);
}
