//! Joins of three and more tables in one `join!`, against a plain recomputation and against nested joins of two tables.

mod model;

use pathway::prelude::*;

use self::model::{Event, Joined, Kind, Nested, and, check, check_nested, nested, same_id, same_shop, table, three};

#[test]
fn rows_that_are_never_missing() {
    let steps: [model::Step; 2] = [
        (Kind::Inner, |left, b| same_id(left[0], b) && left[0].is_some_and(|a| a.2 <= b.2)),
        (Kind::Inner, |left, c| same_shop(left[1], c) && same_id(left[0], c)),
    ];
    check("a, b, c", &steps, |events| {
        let (first, second, third) = three(events);
        join!(
            a in first,
            b in second on a.id == b.id && a.quantity <= b.quantity,
            c in third on b.shop == c.shop && a.id == c.id => Joined {
                a: Some(a.quantity), b: Some(b.quantity), c: Some(c.quantity), d: None,
            }
        )
    });
}

#[test]
fn left_joins_of_a_row_that_may_be_missing() {
    let steps: [model::Step; 2] = [
        (Kind::Left, |left, b| same_id(left[0], b) && b.2 != 2),
        (Kind::Left, |left, c| same_shop(left[1], c) && left[1].is_some_and(|b| b.2 <= c.2)),
    ];
    check("a, b?, c?", &steps, |events| {
        let (first, second, third) = three(events);
        join!(
            a in first,
            b? in second on a.id == b.id && b.quantity != 2,
            c? in third on b.map(|b| b.shop) == Some(c.shop) && b.is_some_and(|b| b.quantity <= c.quantity) => Joined {
                a: Some(a.quantity), b: b.map(|b| b.quantity), c: c.map(|c| c.quantity), d: None,
            }
        )
    });
}

#[test]
fn an_inner_join_behind_a_left_join() {
    let steps: [model::Step; 2] =
        [(Kind::Left, |left, b| same_id(left[0], b)), (Kind::Inner, |left, c| same_shop(left[0], c))];
    check("a, b?, c", &steps, |events| {
        let (first, second, third) = three(events);
        join!(a in first, b? in second on a.id == b.id, c in third on a.shop == c.shop => Joined {
            a: Some(a.quantity), b: b.map(|b| b.quantity), c: Some(c.quantity), d: None,
        })
    });
}

#[test]
fn a_left_join_behind_a_right_join() {
    let steps: [model::Step; 2] = [
        (Kind::Right, |left, b| same_id(left[0], b)),
        (Kind::Left, |left, c| same_shop(left[1], c) && left[0].is_none()),
    ];
    check("a?, b, c?", &steps, |events| {
        let (first, second, third) = three(events);
        join!(a? in first, b in second on a.id == b.id, c? in third on b.shop == c.shop && a.is_none() => Joined {
            a: a.map(|a| a.quantity), b: Some(b.quantity), c: c.map(|c| c.quantity), d: None,
        })
    });
}

/// All rows before the last table may be missing: then also all at once.
#[test]
fn right_and_full_joins_behind_a_full_join() {
    let full: model::Step = (Kind::Full, |left, b| same_id(left[0], b));
    let steps: [model::Step; 2] = [full, (Kind::Right, |left, c| same_shop(left[1], c))];
    check("a?, b?, c", &steps, |events| {
        let (first, second, third) = three(events);
        join!(a? in first, b? in second on a.id == b.id, c in third on b.map(|b| b.shop) == Some(c.shop) => Joined {
            a: a.map(|a| a.quantity), b: b.map(|b| b.quantity), c: Some(c.quantity), d: None,
        })
    });
    let steps: [model::Step; 2] = [full, (Kind::Full, |left, c| same_shop(left[1], c))];
    check("a?, b?, c?", &steps, |events| {
        let (first, second, third) = three(events);
        join!(a? in first, b? in second on a.id == b.id, c? in third on b.map(|b| b.shop) == Some(c.shop) => Joined {
            a: a.map(|a| a.quantity), b: b.map(|b| b.quantity), c: c.map(|c| c.quantity), d: None,
        })
    });
}

#[test]
fn four_tables_of_columns_that_are_named_once() {
    let steps: [model::Step; 3] = [
        (Kind::Inner, |left, b| same_id(left[0], b) && left[0].is_some_and(|a| a.2 != b.2)),
        (Kind::Left, |left, c| same_id(left[0], c) && same_shop(left[0], c)),
        (Kind::Inner, |left, d| same_shop(left[0], d)),
    ];
    check("a, b, c?, d on id, shop", &steps, |events| {
        let (first, second, third) = three(events);
        let fourth = table(events, 3);
        join!(
            a in first,
            b in second on id, a.quantity != b.quantity,
            c? in third on (id, shop),
            d in fourth on shop => Joined {
                a: Some(a.quantity), b: Some(b.quantity), c: c.map(|c| c.quantity), d: Some(d.quantity),
            }
        )
    });
}

/// Whole rows are kept where they are used as such.
#[test]
fn rows_that_are_used_as_a_whole() {
    fn quantity(row: &Event) -> i64 {
        row.quantity
    }
    let steps: [model::Step; 2] =
        [(Kind::Left, |left, b| same_id(left[0], b)), (Kind::Left, |left, c| same_shop(left[0], c))];
    check("whole rows of a, b?, c?", &steps, |events| {
        let (first, second, third) = three(events);
        let all = join!(a in first, b? in second on a.id == b.id, c? in third on a.shop == c.shop => {
            ..a, b: b.map(quantity), c: c.map(quantity),
        });
        select!(x in all => Joined { a: Some(x.quantity), b: x.b, c: x.c, d: None })
    });
}

/// Rows of all columns of two rows, which the next join keeps as a whole. Some of their columns are replaced.
#[test]
fn columns_of_several_rows() {
    let steps: [model::Step; 2] =
        [(Kind::Inner, |left, b| same_id(left[0], b)), (Kind::Left, |left, c| same_shop(left[1], c))];
    check("{ ..a, ..b }", &steps, |events| {
        let (first, second, third) = three(events);
        let second = select!(b in second => { b.id, b_shop: b.shop, b: b.quantity, b.note });
        let both = join!(a in first, b in second on id => { ..a, ..b, note: 0, shop: a.shop.is_some() });
        let all = join!(x in both, c? in third on x.b_shop == c.shop => {
            ..x,
            table: format!("{}", x.b),
            c: c.map(|c| c.quantity),
        });
        select!(x in all => Joined { a: Some(x.quantity), b: x.table.parse().ok(), c: x.c, d: None })
    });
}

type Key = (i64, Option<i64>);

/// The first two tables, whose rows have one id or one shop.
fn on(
    rows: &Table<Nested>,
    number: usize,
    other: &Table<Event>,
    by_id: bool,
) -> pathway::operators::Join<Nested, Event, Key> {
    let key = move |id: i64, shop: Option<i64>| if by_id { (id, None) } else { (0, shop) };
    let of_rows = move |rows: &Nested| rows.rows[number].map_or((-1, None), |(id, shop, _)| key(id, shop));
    rows.join(other).on(of_rows, move |event| key(event.id, event.shop))
}

fn time(rows: &Nested, number: usize) -> i64 {
    rows.rows[number].map_or(0, |(_, _, quantity)| quantity)
}

#[test]
fn each_table_may_be_joined_by_time() {
    check_nested(
        "a, b within, c? asof",
        |events| {
            let (first, second, third) = three(events);
            join!(
                a in first,
                b in second on a.shop == b.shop within b.quantity - a.quantity in -1..=1,
                c? in third on id asof b.quantity >= c.quantity => Joined {
                    a: Some(a.quantity), b: Some(b.quantity), c: c.map(|c| c.quantity), d: None,
                }
            )
        },
        |events| {
            let (first, second, third) = three(events);
            let both = on(&first.select(nested), 0, &second, false).within(|a| time(a, 0), |b| b.quantity, -1..=1);
            let both = both.inner(|a, b| and(&a.rows, Some(b)));
            on(&both, 0, &third, true).asof(|x| time(x, 1), |c| c.quantity).left(|x, c| and(&x.rows, c))
        },
    );
    check_nested(
        "a, b asof, c? within",
        |events| {
            let (first, second, third) = three(events);
            join!(
                a in first,
                b in second on id asof a.quantity <= b.quantity,
                c? in third on b.shop == c.shop && c.quantity != 2 within a.quantity - c.quantity in 0..=1 => Joined {
                    a: Some(a.quantity), b: Some(b.quantity), c: c.map(|c| c.quantity), d: None,
                }
            )
        },
        |events| {
            let (first, second, third) = three(events);
            let both = on(&first.select(nested), 0, &second, true).asof(|a| time(a, 0), |b| b.quantity).forward();
            let both = both.inner(|a, b| and(&a.rows, Some(b)));
            let all = on(&both, 1, &third, false).and(|_, c| c.quantity != 2);
            all.within(|x| time(x, 0), |c| c.quantity, -1..=0).left(|x, c| and(&x.rows, c))
        },
    );
}

#[test]
fn each_table_may_be_joined_as_of_now() {
    check_nested(
        "a, b? asof_now, c?",
        |events| {
            let (first, second, third) = three(events);
            join!(a in first, b? in second asof_now on id, c? in third on b.map(|b| b.shop) == Some(c.shop) => Joined {
                a: Some(a.quantity), b: b.map(|b| b.quantity), c: c.map(|c| c.quantity), d: None,
            })
        },
        |events| {
            let (first, second, third) = three(events);
            // A removed row takes its own answer along: here rows are told apart by all of their columns.
            let both = first.join(&second).on(|a| a.id, |b| b.id).asof_now().left(|a, b| and(&nested(a).rows, b));
            let all = on(&both, 1, &third, false).and(|x, _| x.rows[1].is_some());
            all.left(|x, c| and(&x.rows, c))
        },
    );
    check_nested(
        "a, b, c? asof_now",
        |events| {
            let (first, second, third) = three(events);
            join!(a in first, b in second on id, c? in third asof_now on b.shop == c.shop => Joined {
                a: Some(a.quantity), b: Some(b.quantity), c: c.map(|c| c.quantity), d: None,
            })
        },
        |events| {
            let (first, second, third) = three(events);
            let both = on(&first.select(nested), 0, &second, true).inner(|a, b| and(&a.rows, Some(b)));
            // Here by those that are mentioned later.
            let both =
                both.select(|x| Nested { rows: vec![Some((0, None, time(x, 0))), x.rows[1].map(|b| (0, b.1, b.2))] });
            on(&both, 1, &third, false).asof_now().left(|x, c| and(&x.rows, c))
        },
    );
}
