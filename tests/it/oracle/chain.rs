//! Chains of operators: the retractions of one are correct input for the next.

use pathway::prelude::*;

use super::check::check;
use super::differential::reduce;
use super::orders::{bits, price};

#[test]
fn filter_select_reduce_filter_reduce() {
    check(
        "filter, select, reduce, filter, reduce",
        |orders| {
            let sold = filter!(o in orders => o.quantity > 0);
            let lean = select!(s in sold => { s.city, s.shop, cost: s.price * s.quantity as f64 });
            let shops = reduce!(l in lean by l.city, l.shop => { l.city, cost: sum(l.cost), n: count() });
            let busy = filter!(s in shops => s.n > 1);
            reduce!(b in busy by b.city => { b.city, shops: count(), most: max(b.cost), mean: avg(b.n) })
        },
        |row| (row.city.clone(), row.shops, bits(row.most), bits(row.mean)),
        |rows| {
            let sold = rows.filter(|(_, _, _, quantity, _)| *quantity > 0);
            let lean = sold.map(|(city, _, shop, quantity, sixteenths)| ((city, shop), sixteenths * quantity));
            let shops = reduce(lean, |(city, _), group| (city.clone(), (group.sum(|cost| *cost), group.count())));
            let busy = shops.filter(|(_, (_, n))| *n > 1);
            reduce(busy, |city, group| {
                let mean = group.sum(|value| value.1) as f64 / group.count() as f64;
                (city.clone(), group.count(), bits(price(group.max(|value| value.0))), bits(mean))
            })
        },
    );
}

/// Groups move between groups of the second reduce, so that one shrinks and another grows in one commit.
#[test]
fn how_many_groups_have_how_many_rows() {
    check(
        "counts of counts",
        |orders| {
            let sizes = reduce!(o in orders by o.city, o.day, o.shop => { size: count() });
            reduce!(s in sizes by s.size => { s.size, groups: count() })
        },
        |row| (row.size, row.groups),
        |rows| {
            let sizes =
                reduce(rows.map(|(city, day, shop, _, _)| ((city, day, shop), ())), |_, group| (group.count(), ()));
            reduce(sizes, |size, group| (*size, group.count()))
        },
    );
}

/// The first reduce drops its keys, so that rows of different groups are equal.
#[test]
fn the_rows_of_several_groups_are_equal() {
    check(
        "reduce to equal rows",
        |orders| {
            let days = reduce!(o in orders by o.city, o.shop => { last: max(o.day) });
            select!(d in days => { late: d.last == 2 })
        },
        |row| row.late,
        |rows| {
            let rows = rows.map(|(city, day, shop, _, _)| ((city, shop), day));
            reduce(rows, |_, group| group.max(|day| *day) == 2)
        },
    );
}
