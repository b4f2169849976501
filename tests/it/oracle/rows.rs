//! [`Table::flatten`](pathway::Table::flatten), `filter_map`, `select!` of elements, `concat` and `distinct`.

use pathway::prelude::*;

use super::check::{check, check_row_by_row};
use super::orders::{bits, line, price};

#[derive(Schema)]
struct Piece {
    city: String,
    number: i64,
}

#[test]
fn flattened() {
    check_row_by_row(
        "flatten to none, one or several rows, some of them equal",
        |orders| {
            orders.flatten(|o| {
                let (city, day) = (o.city.clone(), o.day);
                (0..=o.quantity).map(move |number| Piece { city: city.clone(), number: number / day })
            })
        },
        |piece| (piece.city.clone(), piece.number),
        |rows| {
            rows.flat_map(|(city, day, _, quantity, _)| (0..=quantity).map(move |number| (city.clone(), number / day)))
        },
    );
}

#[test]
fn filtered_and_mapped() {
    check_row_by_row(
        "filter_map",
        |orders| orders.filter_map(|o| Some(Piece { city: o.city.clone(), number: o.shop? })),
        |piece| (piece.city.clone(), piece.number),
        |rows| rows.flat_map(|(city, _, shop, _, _)| shop.map(|shop| (city, shop))),
    );
}

/// `row!` in the closures of `flatten` and `filter_map`.
#[test]
fn anonymous_rows_of_closures() {
    check_row_by_row(
        "flatten to anonymous rows",
        |orders| orders.flatten(|o| (0..=o.quantity).map(|n| row! { o.city, number: n / o.day }).collect::<Vec<_>>()),
        |piece| (piece.city.clone(), piece.number),
        |rows| {
            rows.flat_map(|(city, day, _, quantity, _)| (0..=quantity).map(move |number| (city.clone(), number / day)))
        },
    );
    check_row_by_row(
        "filter_map to anonymous rows",
        |orders| orders.filter_map(|o| Some(row! { ..o, shop: o.shop? })),
        |row| (row.city.clone(), row.day, row.shop, row.quantity, bits(row.price)),
        |rows| {
            rows.flat_map(|(city, day, shop, quantity, sixteenths)| {
                shop.map(|shop| (city, day, shop, quantity, bits(price(sixteenths))))
            })
        },
    );
}

#[test]
fn elements() {
    check_row_by_row(
        "select of elements",
        |orders| select!(o in orders, shop in o.shop, n in 0..=o.quantity => { o.city, shop, number: n / o.day }),
        |row| (row.city.clone(), row.shop, row.number),
        |rows| {
            rows.flat_map(|(city, day, shop, quantity, _)| {
                let pairs =
                    shop.into_iter().flat_map(move |shop| (0..=quantity).map(move |number| (shop, number / day)));
                pairs.map(move |(shop, number)| (city.clone(), shop, number))
            })
        },
    );
    check(
        "reduce of elements",
        |orders| {
            let pieces = select!(o in orders, n in 0..o.quantity => { o.city, number: n + o.day });
            reduce!(p in pieces by p.city => { p.city, n: count(), total: sum(p.number) })
        },
        |row| (row.city.clone(), row.n, row.total),
        |rows| {
            let pieces = rows
                .flat_map(|(city, day, _, quantity, _)| (0..quantity).map(move |number| (city.clone(), number + day)));
            super::differential::reduce(pieces, |city, group| {
                (city.clone(), group.count(), group.sum(|number| *number))
            })
        },
    );
}

#[test]
fn concatenated() {
    check_row_by_row(
        "concat of parts that overlap",
        |orders| {
            let few = filter!(o in orders => o.quantity < 2);
            let first = filter!(o in orders => o.day == 1);
            few.concat(&first).concat(orders)
        },
        line,
        |rows| {
            let few = rows.clone().filter(|(_, _, _, quantity, _)| *quantity < 2);
            let first = rows.clone().filter(|(_, day, _, _, _)| *day == 1);
            few.concat(first).concat(rows)
        },
    );
}

#[test]
fn distinct_rows() {
    check("distinct", |orders| orders.distinct(), line, |rows| rows.distinct());
    check(
        "distinct of few columns",
        |orders| select!(o in orders => { o.city, o.shop }).distinct(),
        |row| (row.city.clone(), row.shop),
        |rows| rows.map(|(city, _, shop, _, _)| (city, shop)).distinct(),
    );
}

/// `reduce` gets the net changes that `distinct` and `concat` emit for whole commits.
#[test]
fn operators_on_operators() {
    check(
        "reduce of distinct of concat",
        |orders| {
            let twice = orders.concat(&filter!(o in orders => o.quantity > 0)).distinct();
            reduce!(o in twice by o.city => { o.city, n: count(), days: sum(o.day) })
        },
        |row| (row.city.clone(), row.n, row.days),
        |rows| {
            let twice = rows.clone().concat(rows.filter(|(_, _, _, quantity, _)| *quantity > 0)).distinct();
            let days = twice.map(|(city, day, _, _, _)| (city, day));
            super::differential::reduce(days, |city, group| (city.clone(), group.count(), group.sum(|day| *day)))
        },
    );
}

#[test]
fn tables_of_two_pipelines_cannot_be_concatenated() {
    let (one, two) = (Pipeline::new(), Pipeline::new());
    let row = |number| Piece { city: "Oslo".into(), number };
    let both = one.rows([row(1)]).concat(&two.rows([row(2)])).collect();
    for pipeline in [one, two] {
        let error = pipeline.run().unwrap_err().to_string();
        assert!(error.contains("`concat` of tables of two pipelines"), "{error}");
    }
    assert!(both.rows().is_empty());
}
