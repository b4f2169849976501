//! `reduce!` and [`Table::reduce`](pathway::Table::reduce): every reducer, every kind of key.

use pathway::prelude::*;
use pathway::reducers::{Avg, Count, Max, Min, Sum};

use super::check::check;
use super::differential::reduce;
use super::orders::{bits, price};

#[derive(Schema)]
struct Total {
    city: String,
    day: i64,
    quantity: i64,
    n: i64,
}

#[derive(Schema)]
struct Summary {
    city: String,
    day: i64,
    mean: f64,
}

#[test]
fn all_rows_are_one_group() {
    check(
        "reduce to one row",
        |orders| {
            reduce!(o in orders => {
                n: count(),
                quantity: sum(o.quantity),
                total: sum(o.price),
                least: min(o.price),
                greatest: max(o.quantity),
                mean_quantity: avg(o.quantity),
                mean_price: avg(o.price),
            })
        },
        |row| {
            let floats = [row.total, row.least, row.mean_quantity, row.mean_price].map(bits);
            (row.n, row.quantity, row.greatest, floats)
        },
        |rows| {
            let rows = rows.map(|(_, _, _, quantity, sixteenths)| ((), (quantity, sixteenths)));
            reduce(rows, |(), group| {
                let (quantity, total) = (group.sum(|value| value.0), price(group.sum(|value| value.1)));
                let n = group.count() as f64;
                let floats = [total, price(group.min(|value| value.1)), quantity as f64 / n, total / n];
                (group.count(), quantity, group.max(|value| value.0), floats.map(bits))
            })
        },
    );
}

#[test]
fn by_a_string() {
    check(
        "reduce by a string",
        |orders| {
            reduce!(o in orders by o.city => {
                o.city,
                n: count(),
                cost: sum(o.price * o.quantity as f64),
                least: min(o.quantity),
                greatest: max(o.price),
            })
        },
        |row| (row.city.clone(), row.n, bits(row.cost), row.least, bits(row.greatest)),
        |rows| {
            let rows = rows.map(|(city, _, _, quantity, sixteenths)| (city, (quantity, sixteenths)));
            reduce(rows, |city, group| {
                let cost = bits(price(group.sum(|(quantity, sixteenths)| quantity * sixteenths)));
                let (least, greatest) = (group.min(|value| value.0), group.max(|value| value.1));
                (city.clone(), group.count(), cost, least, bits(price(greatest)))
            })
        },
    );
}

#[test]
fn by_an_option() {
    check(
        "reduce by an option",
        |orders| reduce!(o in orders by o.shop => { o.shop, first: min(o.city), last: max(o.city), n: count() }),
        |row| (row.shop, row.first.clone(), row.last.clone(), row.n),
        |rows| {
            let rows = rows.map(|(city, _, shop, _, _)| (shop, city));
            reduce(rows, |shop, group| (*shop, group.min(String::clone), group.max(String::clone), group.count()))
        },
    );
}

#[test]
fn by_several_keys_of_which_not_all_are_written() {
    check(
        "reduce by several keys",
        |orders| reduce!(o in orders by o.city, o.day, o.quantity => { o.day, o.city, total: sum(o.price) }),
        |row| (row.day, row.city.clone(), bits(row.total)),
        |rows| {
            let rows = rows.map(|(city, day, _, quantity, sixteenths)| ((city, day, quantity), sixteenths));
            reduce(rows, |(city, day, _), group| (*day, city.clone(), bits(price(group.sum(|value| *value)))))
        },
    );
}

#[test]
fn by_expressions() {
    check(
        "reduce by expressions",
        |orders| {
            reduce!(o in orders by o.city.len() as i64, (o.quantity + o.day) % 2 == 0 => {
                letters: o.city.len() as i64,
                even: (o.quantity + o.day) % 2 == 0,
                least_shop: min(o.shop),
                greatest_shop: max(o.shop),
                mean: avg(o.quantity),
            })
        },
        |row| (row.letters, row.even, row.least_shop, row.greatest_shop, bits(row.mean)),
        |rows| {
            let rows = rows.map(|(city, day, shop, quantity, _)| {
                ((city.len() as i64, (quantity + day) % 2 == 0), (shop, quantity))
            });
            reduce(rows, |(letters, even), group| {
                let mean = group.sum(|value| value.1) as f64 / group.count() as f64;
                let shops: Vec<i64> = group.all(|value| value.0).into_iter().flatten().collect();
                (*letters, *even, shops.first().copied(), shops.last().copied(), bits(mean))
            })
        },
    );
}

#[test]
fn expressions_over_reducers() {
    check(
        "expressions over reducers",
        |orders| {
            reduce!(o in orders by o.day => {
                label: format!("{}: {}", o.day, count()),
                mean: sum(o.price) / count() as f64,
                span: max(o.quantity) - min(o.quantity),
                many: count() > 5,
            })
        },
        |row| (row.label.clone(), bits(row.mean), row.span, row.many),
        |rows| {
            let rows = rows.map(|(_, day, _, quantity, sixteenths)| (day, (quantity, sixteenths)));
            reduce(rows, |day, group| {
                let n = group.count();
                let span = group.max(|value| value.0) - group.min(|value| value.0);
                let mean = price(group.sum(|value| value.1)) / n as f64;
                (format!("{day}: {n}"), bits(mean), span, n > 5)
            })
        },
    );
}

#[test]
fn rows_beside_the_extremes() {
    check(
        "reduce to rows beside the extremes",
        |orders| {
            reduce!(o in orders by o.city => {
                o.city,
                cheapest: arg_min(o.price, o.day),
                dearest: arg_max(o.price, (o.quantity, o.shop)),
            })
        },
        |row| (row.city.clone(), row.cheapest, row.dearest),
        |rows| {
            let rows = rows.map(|(city, day, shop, quantity, sixteenths)| (city, (sixteenths, day, quantity, shop)));
            reduce(rows, |city, group| {
                let cheapest = group.min(|value| (value.0, value.1)).1;
                let (_, quantity, shop) = group.min(|value| (-value.0, value.2, value.3));
                (city.clone(), cheapest, (quantity, shop))
            })
        },
    );
}

#[test]
fn values_counted_and_listed() {
    check(
        "reduce to values counted and listed",
        |orders| {
            reduce!(o in orders by o.day => {
                o.day,
                cities: count_distinct(o.city),
                pairs: count_distinct((o.city, o.shop)),
                shops: sorted_tuple(o.shop),
                city: any(o.city),
                dear: bool_and(o.price > 1.0),
                cheap: bool_or(o.price < 0.0),
            })
        },
        |row| (row.day, row.cities, row.pairs, row.shops.clone(), row.city.clone(), row.dear, row.cheap),
        |rows| {
            let rows = rows.map(|(city, day, shop, _, sixteenths)| (day, (city, shop, sixteenths)));
            reduce(rows, |day, group| {
                let shops = group.all(|value| value.1);
                let (cities, pairs) =
                    (group.different(|value| value.0.clone()), group.different(|value| (value.0.clone(), value.1)));
                let (least, city) = (group.min(|value| value.2), group.min(|value| value.0.clone()));
                (*day, cities, pairs, shops, city, least > 16, least < 0)
            })
        },
    );
}

/// `unique` of several values is an error, so the group has no row until it has one value again.
#[test]
fn a_group_has_no_row_while_unique_has_several_values() {
    check(
        "reduce to unique values",
        |orders| reduce!(o in orders by o.city, o.quantity => { o.city, o.quantity, shop: unique(o.shop) }),
        |row| (row.city.clone(), row.quantity, row.shop),
        |rows| {
            let rows = rows.map(|(city, _, shop, quantity, _)| ((city, quantity), shop));
            let shops = reduce(rows, |(city, quantity), group| {
                let mut shops: Vec<i64> = group.all(|shop| *shop).into_iter().flatten().collect();
                shops.dedup();
                (city.clone(), *quantity, shops)
            });
            let shops = shops.filter(|(_, _, shops)| shops.len() < 2);
            shops.map(|(city, quantity, shops)| (city, quantity, shops.first().copied()))
        },
    );
}

/// A sum that overflows is an error, so the group has no row until the sum fits again.
#[test]
fn a_group_has_no_row_while_its_sum_overflows() {
    check(
        "reduce to sums that do not fit",
        |orders| reduce!(o in orders by o.city => { o.city, total: sum((o.quantity * 50) as i8), n: count() }),
        |row| (row.city.clone(), i64::from(row.total), row.n),
        |rows| {
            let rows = rows.map(|(city, _, _, quantity, _)| (city, quantity));
            let totals = reduce(rows, |city, group| (city.clone(), group.sum(|value| value * 50), group.count()));
            totals.filter(|(_, total, _)| i8::try_from(*total).is_ok())
        },
    );
}

/// Most commits change the rows of a group, but not its output.
#[test]
fn outputs_that_rarely_change() {
    check(
        "reduce to outputs that rarely change",
        |orders| reduce!(o in orders by o.shop => { o.shop, last: max(o.day) }),
        |row| (row.shop, row.last),
        |rows| reduce(rows.map(|(_, day, shop, _, _)| (shop, day)), |shop, group| (*shop, group.max(|day| *day))),
    );
}

#[test]
fn a_named_row_by_methods() {
    check(
        "reduce by methods",
        |orders| {
            orders.group_by(|o| (o.city.clone(), o.day)).reduce(
                (Sum, Count),
                |o| (o.quantity, ()),
                |(city, day), (quantity, n)| Total { city: city.clone(), day: *day, quantity, n },
            )
        },
        |row| (row.city.clone(), row.day, row.quantity, row.n),
        |rows| {
            let rows = rows.map(|(city, day, _, quantity, _)| ((city, day), quantity));
            reduce(rows, |(city, day), group| (city.clone(), *day, group.sum(|value| *value), group.count()))
        },
    );
}

#[test]
fn one_row_by_methods() {
    check(
        "reduce to one row by methods",
        |orders| {
            orders.reduce(
                (Min, Max, Avg),
                |o| (o.city.clone(), o.day, o.quantity),
                |(city, day, mean)| Summary { city, day, mean },
            )
        },
        |row| (row.city.clone(), row.day, bits(row.mean)),
        |rows| {
            let rows = rows.map(|(city, day, _, quantity, _)| ((), (city, day, quantity)));
            reduce(rows, |(), group| {
                let mean = group.sum(|value| value.2) as f64 / group.count() as f64;
                (group.min(|value| value.0.clone()), group.max(|value| value.1), bits(mean))
            })
        },
    );
}
