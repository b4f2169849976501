//! `select!` and [`Table::select`](pathway::Table::select).

use pathway::prelude::*;

use super::check::check_row_by_row as check;
use super::orders::{bits, price};

#[derive(Schema)]
struct Cost {
    city: String,
    cost: f64,
}

#[test]
fn a_projection_can_make_rows_equal() {
    check(
        "select of few columns",
        |orders| select!(o in orders => { o.city, o.shop }),
        |row| (row.city.clone(), row.shop),
        |rows| rows.map(|(city, _, shop, _, _)| (city, shop)),
    );
    check(
        "select of one column of two values",
        |orders| select!(o in orders => { bought: o.quantity > 0 }),
        |row| row.bought,
        |rows| rows.map(|(_, _, _, quantity, _)| quantity > 0),
    );
}

#[test]
fn expressions() {
    check(
        "select of expressions",
        |orders| {
            select!(o in orders => {
                label: format!("{}-{}", o.city, o.day),
                next: o.shop.map(|shop| shop + 1),
                cost: o.price * o.quantity as f64,
                pair: (o.day, o.city),
            })
        },
        |row| (row.label.clone(), row.next, bits(row.cost), row.pair.clone()),
        |rows| {
            rows.map(|(city, day, shop, quantity, sixteenths)| {
                (format!("{city}-{day}"), shop.map(|shop| shop + 1), bits(price(sixteenths * quantity)), (day, city))
            })
        },
    );
}

#[test]
fn a_named_row() {
    check(
        "select of a named row",
        |orders| select!(o in orders => Cost { city: o.city, cost: o.price * 2.0 }),
        |row| (row.city.clone(), bits(row.cost)),
        |rows| rows.map(|(city, _, _, _, sixteenths)| (city, bits(price(2 * sixteenths)))),
    );
}

#[test]
fn by_methods() {
    check(
        "select by methods",
        |orders| {
            let costs = orders.select(|o| Cost { city: o.city.clone(), cost: o.price });
            costs.select(|c| Cost { city: c.city.to_uppercase(), cost: c.cost.abs() })
        },
        |row| (row.city.clone(), bits(row.cost)),
        |rows| rows.map(|(city, _, _, _, sixteenths)| (city.to_uppercase(), bits(price(sixteenths.abs())))),
    );
}
