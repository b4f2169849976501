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
