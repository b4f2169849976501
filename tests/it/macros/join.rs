//! `join!` combines the rows of two tables.

use pathway::prelude::*;

#[derive(Clone, Schema)]
struct Order {
    id: i64,
    customer: Option<i64>,
    shop: String,
}

#[derive(Clone, Schema)]
struct Customer {
    id: i64,
    name: String,
    shop: String,
}

#[derive(Debug, PartialEq, Schema)]
struct Named {
    order: i64,
    name: Option<String>,
}

/// Joins a few orders with a few customers.
fn rows<R: Schema>(join: impl Fn(&Table<Order>, &Table<Customer>) -> Table<R>) -> Vec<R> {
    let pipeline = Pipeline::new();
    let order = |id, customer, shop: &str| Order { id, customer, shop: shop.into() };
    let customer = |id, name: &str, shop: &str| Customer { id, name: name.into(), shop: shop.into() };
    let orders = pipeline.rows([order(1, Some(7), "a"), order(2, Some(8), "a"), order(3, None, "b")]);
    let customers = pipeline.rows([customer(7, "Ann", "a"), customer(8, "Bob", "b")]);
    let joined = join(&orders, &customers).collect();
    pipeline.run().unwrap();
    joined.rows()
}

fn named(order: i64, name: &str) -> Named {
    Named { order, name: (!name.is_empty()).then(|| name.to_owned()) }
}

#[test]
fn a_question_mark_says_which_side_may_be_missing() {
    let inner = rows(
        |orders, customers| join!(o in orders, c in customers on o.customer == Some(c.id) => Named { order: o.id, name: Some(c.name) }),
    );
    assert_eq!(inner, [named(1, "Ann"), named(2, "Bob")]);
    let left = rows(|orders, customers| {
        join!(o in orders, c? in customers on o.customer == Some(c.id) => Named {
            order: o.id,
            name: c.map(|c| c.name.clone()),
        })
    });
    assert_eq!(left, [named(1, "Ann"), named(2, "Bob"), named(3, "")]);
    let right = rows(|orders, customers| {
        let first = filter!(o in orders => o.id != 2);
        join!(o? in first, c in customers on o.customer == Some(c.id) => {
            name: c.name,
            order: o.map_or(0, |o| o.id),
        })
    });
    let right: Vec<_> = right.into_iter().map(|row| (row.name, row.order)).collect();
    assert_eq!(right, [("Ann".to_owned(), 1), ("Bob".to_owned(), 0)]);
    let full = rows(|orders, customers| {
        let first = filter!(o in orders => o.id != 2);
        join!(o? in first, c? in customers on o.customer == Some(c.id) => Named {
            order: match o { Some(order) => order.id, None => -1 },
            name: c.map(|c| c.name.clone()),
        })
    });
    assert_eq!(full, [named(-1, "Bob"), named(1, "Ann"), named(3, "")]);
}

#[test]
fn several_keys_and_expressions_can_be_keys() {
    let suffix = "!".to_owned();
    let joined = rows(|orders, customers| {
        let suffix = suffix.clone();
        join!(o in orders, c in customers on c.shop == o.shop && o.customer.unwrap_or(0) % 100 == c.id => {
            name: c.name + &suffix,
            shops: (o.shop, c.shop),
        })
    });
    let joined: Vec<_> = joined.into_iter().map(|row| (row.name, row.shops.0, row.shops.1)).collect();
    assert_eq!(joined, [("Ann!".to_owned(), "a".to_owned(), "a".to_owned())]);
}

#[derive(Clone, Schema)]
struct Timed {
    id: i64,
    at: DateTimeUtc,
    second: i64,
}

/// Orders at 10, 20 and 30 seconds, clicks at 8, 10, 24 and 26, each with its second as its number.
fn pairs<R: Schema>(join: impl Fn(&Table<Timed>, &Table<Timed>) -> Table<R>) -> Vec<R> {
    let pipeline = Pipeline::new();
    let timed = |second| Timed { id: second, at: DateTimeUtc::from_second(second).unwrap(), second };
    let (orders, clicks) = (pipeline.rows([10, 20, 30].map(timed)), pipeline.rows([8, 10, 24, 26].map(timed)));
    let joined = join(&orders, &clicks).collect();
    pipeline.run().unwrap();
    joined.rows()
}

#[derive(Debug, PartialEq, Schema)]
struct Pair {
    order: Option<i64>,
    click: Option<i64>,
}

fn pair(order: impl Into<Option<i64>>, click: impl Into<Option<i64>>) -> Pair {
    Pair { order: order.into(), click: click.into() }
}

#[test]
fn an_interval_join_takes_rows_near_in_time() {
    let inner = pairs(|orders, clicks| {
        join!(o in orders, c in clicks on o.id / o.id == c.id / c.id within c.at - o.at in -4.seconds()..=0.seconds() => Pair {
            order: Some(o.id),
            click: Some(c.id),
        })
    });
    assert_eq!(inner, [pair(10, 8), pair(10, 10), pair(30, 26)]);
    // The sides swapped, with integer times, and with the interval in a variable.
    let interval = 0..=4;
    let left = pairs(|orders, clicks| {
        join!(o in orders, c? in clicks on o.id / o.id == c.id / c.id within o.second - c.second in interval.clone() => Pair {
            order: Some(o.id),
            click: c.map(|c| c.id),
        })
    });
    assert_eq!(left, [pair(10, 8), pair(10, 10), pair(20, None), pair(30, 26)]);
    let right = pairs(|orders, clicks| {
        join!(o? in orders, c in clicks on o.id / o.id == c.id / c.id within (c.second - o.second) in 0..=4 => Pair {
            order: o.map(|o| o.id),
            click: Some(c.id),
        })
    });
    assert_eq!(right, [pair(None, 8), pair(None, 26), pair(10, 10), pair(20, 24)]);
    let full = pairs(|orders, clicks| {
        join!(o? in orders, c? in clicks on o.id / o.id == c.id / c.id within c.second - o.second in 0..=0 => Pair {
            order: o.map(|o| o.id),
            click: c.map(|c| c.id),
        })
    });
    let alone = [pair(None, 8), pair(None, 24), pair(None, 26), pair(10, 10), pair(20, None), pair(30, None)];
    assert_eq!(full, alone);
}

#[test]
fn an_asof_join_takes_the_nearest_row_in_time() {
    let backward = pairs(|orders, clicks| {
        join!(o in orders, c? in clicks on o.id / o.id == c.id / c.id asof o.at >= c.at => Pair {
            order: Some(o.id),
            click: c.map(|c| c.id),
        })
    });
    assert_eq!(backward, [pair(10, 10), pair(20, 10), pair(30, 26)]);
    let forward = pairs(|orders, clicks| {
        join!(o in orders, c? in clicks on o.id / o.id == c.id / c.id asof c.second >= o.second => Pair {
            order: Some(o.id),
            click: c.map(|c| c.id),
        })
    });
    assert_eq!(forward, [pair(10, 10), pair(20, 24), pair(30, None)]);
    let nearest = pairs(|orders, clicks| {
        join!(o in orders, c in clicks on o.id / o.id == c.id / c.id asof o.second nearest c.second => Pair {
            order: Some(o.id),
            click: Some(c.id),
        })
    });
    assert_eq!(nearest, [pair(10, 10), pair(20, 24), pair(30, 26)]);
}

/// Later changes of the right side do not change a joined row.
#[test]
fn an_asof_now_join_ignores_later_changes() {
    let pipeline = Pipeline::new();
    let (feed, customers) = pipeline.input::<Customer>();
    let (events, orders) = pipeline.input::<Order>();
    let answered = join!(o in orders, c? in customers asof_now on o.customer == Some(c.id) => Named {
        order: o.id,
        name: c.map(|c| c.name.clone()),
    });
    let answered = answered.collect();
    let running = pipeline.start().unwrap();
    let order = |id| Order { id, customer: Some(7), shop: String::new() };
    events.insert(order(1));
    events.commit();
    feed.insert(Customer { id: 7, name: "Ann".into(), shop: String::new() });
    feed.commit();
    events.insert(order(2));
    events.commit();
    assert_eq!(answered.rows(), [named(1, ""), named(2, "Ann")]);
    events.remove(order(1));
    events.commit();
    assert_eq!(answered.rows(), [named(2, "Ann")]);
    drop((feed, events));
    running.join().unwrap();
}

/// Joins keep the columns that their outputs mention, where that can be seen.
mod kept {
    use super::*;

    #[derive(Clone, Debug, Schema)]
    struct Wide {
        id: i64,
        r#type: String,
        pair: (i64, Option<String>),
        price: f64,
        #[schema(flatten)]
        place: Place,
    }

    #[derive(Clone, Debug, Schema)]
    struct Place {
        city: String,
        zone: Option<i64>,
    }

    impl Wide {
        fn label(&self) -> String {
            format!("{} {}", self.r#type, self.place.city)
        }
    }

    fn wide(id: i64, city: &str) -> Wide {
        let place = Place { city: city.into(), zone: Some(id) };
        Wide { id, r#type: format!("t{id}"), pair: (id, Some(format!("p{id}"))), price: id as f64, place }
    }

    /// What a join makes of two tables of which a row has no other one: its rows, as text.
    fn of<R: Schema + std::fmt::Debug>(join: impl Fn(&Table<Wide>, &Table<Wide>) -> Table<R>) -> Vec<String> {
        let texts = [1, 2].map(|workers| {
            let pipeline = Pipeline::new();
            let left = pipeline.rows([wide(1, "Oslo"), wide(2, "Rome"), wide(3, "Lima")]);
            let right = pipeline.rows([wide(1, "Bonn"), wide(2, "Nice"), wide(4, "York")]);
            let seen = join(&left, &right).collect();
            pipeline.start_with(workers).unwrap().join().unwrap();
            seen.rows().iter().map(|row| format!("{row:?}").replace("AnonymousRow ", "")).collect::<Vec<_>>()
        });
        assert_eq!(texts[0], texts[1]);
        texts[0].clone()
    }

    #[test]
    fn columns_are_found_wherever_they_are_mentioned() {
        let rows = of(|left, right| {
            join!(a in left, b in right on a.id == b.id => {
                a.id,
                kind: &*b.r#type == "t1" || matches!(a.pair, (2, Some(_))),
                text: format!("{} {:?} {}", a.r#type, b.pair.1, a.place.city),
                range: (a.id..b.id + 2).count() as i64,
                value: if a.price > 1.0 { b.price } else { -b.price },
                zone: { let zone = b.place.zone; zone.map(|zone| zone + a.id) },
            })
        });
        let expected = [
            r#"{ id: 1, kind: true, text: "t1 Some(\"p1\") Oslo", range: 2, value: -1.0, zone: Some(2) }"#,
            r#"{ id: 2, kind: true, text: "t2 Some(\"p2\") Rome", range: 2, value: 2.0, zone: Some(4) }"#,
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn no_column_of_a_side_may_be_mentioned() {
        let rows = of(|left, right| join!(a? in left, b in right on a.id == b.id => { b.id, found: a.is_some() }));
        assert_eq!(rows, ["{ id: 1, found: true }", "{ id: 2, found: true }", "{ id: 4, found: false }"]);
        let rows = of(|left, right| join!(a in left, b in right on a.id == b.id => { b.id, one: 1_i64 }));
        assert_eq!(rows, ["{ id: 1, one: 1 }", "{ id: 2, one: 1 }"]);
    }

    #[test]
    fn columns_of_a_row_that_may_be_missing_are_found_in_closures() {
        let rows = of(|left, right| {
            join!(a in left, b? in right on a.id == b.id => {
                a.id,
                city: b.map(|found| found.place.city.clone()),
                zone: b.and_then(|b| b.place.zone),
                sum: b.map_or(a.price, |b| b.price + a.price),
                other: b.map_or_else(|| a.r#type.clone(), |b| b.r#type.clone()),
                large: b.is_some_and(|b| b.price > 1.0),
                small: b.is_none_or(|x| x.price < 2.0 && b.is_some()),
                missing: b.is_none(),
            })
        });
        let expected = [
            r#"{ id: 1, city: Some("Bonn"), zone: Some(1), sum: 2.0, other: "t1", large: false, small: true, missing: false }"#,
            r#"{ id: 2, city: Some("Nice"), zone: Some(2), sum: 4.0, other: "t2", large: true, small: false, missing: false }"#,
            r#"{ id: 3, city: None, zone: None, sum: 3.0, other: "t3", large: false, small: true, missing: true }"#,
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn a_row_that_is_used_as_a_whole_is_kept_as_a_whole() {
        fn price(row: &Wide) -> f64 {
            row.price
        }
        let rows = of(|left, right| {
            join!(a in left, b? in right on a.id == b.id => {
                label: a.label(),
                text: b.is_some() && format!("{b:?}").len() > 9,
                price: price(&a) + b.map_or(0.0, price),
                again: match b { Some(b) => b.label(), None => String::new() },
            })
        });
        let expected = [
            r#"{ label: "t1 Oslo", text: true, price: 2.0, again: "t1 Bonn" }"#,
            r#"{ label: "t2 Rome", text: true, price: 4.0, again: "t2 Nice" }"#,
            r#"{ label: "t3 Lima", text: false, price: 3.0, again: "" }"#,
        ];
        assert_eq!(rows, expected);
        let rows = of(
            |left, right| join!(a in left, b in right on a.id == b.id => { text: format!("{b:?} {}", b.id).len() as i64, a.id }),
        );
        assert_eq!(rows.len(), 2);
    }

    /// A row that was made by `..` is dereferenced to the one that it was made of.
    #[test]
    fn columns_of_a_row_within_a_row_are_found() {
        let rows = of(|left, right| {
            let left = select!(a in left => { ..a, price: a.price as i64 + 10, more: a.id });
            join!(a in left, b in right on a.id == b.id => { a.price, a.more, a.r#type, b.id })
        });
        let expected = [r#"{ price: 11, more: 1, type: "t1", id: 1 }"#, r#"{ price: 12, more: 2, type: "t2", id: 2 }"#];
        assert_eq!(rows, expected);
    }

    /// Many columns of one row, in more than one tuple.
    #[test]
    fn many_columns_are_kept() {
        #[derive(Schema)]
        struct Many {
            a: i64,
            b: i64,
            c: i64,
            d: i64,
            e: i64,
            f: i64,
            g: i64,
            h: i64,
            i: i64,
            j: i64,
            k: i64,
            l: i64,
            m: i64,
            n: String,
        }
        let pipeline = Pipeline::new();
        let many =
            Many { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7, h: 8, i: 9, j: 10, k: 11, l: 12, m: 13, n: "n".into() };
        let rows = pipeline.rows([many]);
        let joined = join!(x in rows, y in rows on x.a == y.a => {
            sum: x.a + x.b + x.c + x.d + x.e + x.f + x.g + x.h + x.i + x.j + x.k + x.l + x.m,
            y.n,
        });
        let seen = joined.collect();
        pipeline.run().unwrap();
        assert_eq!(seen.rows().iter().map(|row| (row.sum, row.n.as_str())).collect::<Vec<_>>(), [(91, "n")]);
    }

    /// A left row that is removed takes its own results along, although another one has the same columns that are mentioned.
    #[test]
    fn rows_that_differ_only_in_other_columns_are_different_left_rows() {
        #[derive(Schema)]
        struct Rate {
            rate: i64,
        }
        let pipeline = Pipeline::new();
        let order = |id| Order { id, customer: None, shop: "a".into() };
        let orders = pipeline.commits([
            vec![Change::insert(order(1))],
            vec![Change::insert(order(2))],
            vec![Change::remove(order(1))],
        ]);
        let rate = |rate| Rate { rate };
        let rates = pipeline
            .commits([vec![Change::insert(rate(10))], vec![Change::remove(rate(10)), Change::insert(rate(20))]]);
        let joined =
            join!(o in orders, r in rates asof_now on o.shop.len() as i64 == r.rate / r.rate => { o.shop, r.rate });
        let seen = joined.collect();
        pipeline.run().unwrap();
        assert_eq!(seen.rows().iter().map(|row| row.rate).collect::<Vec<_>>(), [20]);
    }
}
