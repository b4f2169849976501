//! Programs that have changed: which can continue with the state of the one before, and which are refused.

mod changes;
mod columns;
mod ends;
mod identities;
mod kept_columns;
mod kept_rows;
mod rebuild;

use std::time::Duration;

use pathway::ErrorKind;
use pathway::persistence::Persistence;
use pathway::prelude::*;
use pathway::testing::{Broker, Store};

use crate::support::assert_error;

#[derive(Clone, Schema)]
struct Order {
    city: String,
    price: i64,
    at: i64,
}

#[derive(Schema)]
struct Total {
    city: String,
    total: i64,
}

/// Runs a program that reads these prices, and returns what it publishes.
fn run(
    store: impl Into<Persistence>,
    prices: &[i64],
    declare: impl Fn(&Pipeline, &Broker, &Table<Order>),
) -> pathway::Result<Vec<String>> {
    let orders: Vec<_> =
        prices.iter().map(|price| format!(r#"{{"city": "Oslo", "price": {price}, "at": {price}}}"#)).collect();
    run_messages(store, &orders, declare)
}

/// Runs a program that reads these messages, all in one commit, and returns what it publishes.
fn run_messages<R: Schema>(
    store: impl Into<Persistence>,
    messages: &[impl AsRef<str>],
    declare: impl Fn(&Pipeline, &Broker, &Table<R>),
) -> pathway::Result<Vec<String>> {
    run_on(1, store, messages, declare)
}

/// Runs a program with so many workers.
fn run_on<R: Schema>(
    workers: usize,
    store: impl Into<Persistence>,
    messages: &[impl AsRef<str>],
    declare: impl Fn(&Pipeline, &Broker, &Table<R>),
) -> pathway::Result<Vec<String>> {
    let broker = Broker::new();
    let pipeline = Pipeline::named("orders").persist(store);
    let orders = nats::read(&pipeline, &broker, "orders").json::<R>();
    declare(&pipeline, &broker, &orders);
    let running = pipeline.start_with(workers)?;
    for message in messages {
        broker.publish("orders", message.as_ref());
    }
    broker.commit();
    broker.close();
    running.join()?;
    Ok(broker.published("out").iter().map(|message| without_time(&message.text())).collect())
}

fn without_time(text: &str) -> String {
    text.split(r#","time""#).next().unwrap_or_default().to_owned()
}

/// The message of a row that is inserted.
fn inserted(columns: &str) -> String {
    format!(r#"{{{columns},"diff":1"#)
}

/// The message of a row that is removed.
fn removed(columns: &str) -> String {
    format!(r#"{{{columns},"diff":-1"#)
}

/// The messages about the total of Oslo.
fn total(total: i64) -> String {
    inserted(&format!(r#""city":"Oslo","total":{total}"#))
}

fn totals(broker: &Broker, orders: &Table<Order>) {
    let totals = reduce!(o in orders by o.city => Total { o.city, total: sum(o.price) }).named("totals");
    nats::write(&totals, broker, "out").name("out").json();
}

fn first(store: &Store) {
    let published = run(store, &[1, 2], |_, broker, orders| totals(broker, orders)).unwrap();
    assert_eq!(published, [total(3)]);
}

#[test]
fn operators_without_state_come_and_go() {
    let store = Store::new();
    first(&store);
    let cheap = |_: &Pipeline, broker: &Broker, orders: &Table<Order>| {
        let cheap = filter!(o in orders => o.price < 100);
        totals(broker, &cheap);
    };
    let published = run(&store, &[1_000, 4], cheap).unwrap();
    assert_eq!(published.last(), Some(&total(7)));
    let published = run(&store, &[5], |_, broker, orders| totals(broker, orders)).unwrap();
    assert_eq!(published.last(), Some(&total(12)));
}

#[test]
fn an_operator_with_state_that_is_new_or_gone_is_refused_unless_it_is_said() {
    let store = Store::new();
    first(&store);
    let two = |_: &Pipeline, broker: &Broker, orders: &Table<Order>| {
        let counts = reduce!(o in orders by o.city => Total { o.city, total: count() }).named("counts");
        nats::write(&counts, broker, "out").name("counted").json();
        totals(broker, orders);
    };
    let error = run(&store, &[], two).expect_err("new");
    assert_error(
        &error,
        ErrorKind::Persistence,
        &["has no state of `counts`, which is new", r#".starts_empty("counts")"#],
    );
    let published = run(Persistence::from(&store).starts_empty("counts"), &[4], two).unwrap();
    assert!(published.contains(&total(1)), "{published:?}");
    assert!(published.contains(&total(7)), "{published:?}");
    // It is part of the program now.
    let published = run(&store, &[5], two).unwrap();
    assert!(published.contains(&total(2)), "{published:?}");

    let one = |_: &Pipeline, broker: &Broker, orders: &Table<Order>| totals(broker, orders);
    let error = run(&store, &[], one).expect_err("gone");
    assert_error(&error, ErrorKind::Persistence, &["has state of `counts`", r#".allow_dropped("counts")"#]);
    let published = run(Persistence::from(&store).allow_dropped("counts"), &[6], one).unwrap();
    assert_eq!(published.last(), Some(&total(18)));
    // An operator that has the name of one that was dropped begins with an empty state.
    let published = run(Persistence::from(&store).starts_empty("counts"), &[7], two).unwrap();
    assert!(published.contains(&total(1)), "{published:?}");
}

#[test]
fn a_changed_key_row_or_window_is_refused() {
    let store = Store::new();
    first(&store);
    let reducer = |_: &Pipeline, broker: &Broker, orders: &Table<Order>| {
        let totals = reduce!(o in orders by o.city => Total { o.city, total: max(o.price) }).named("totals");
        nats::write(&totals, broker, "out").name("out").json();
    };
    let error = run(&store, &[], reducer).expect_err("another reducer");
    let words = ["another state `groups` of `totals`", "its state is", r#".rebuild("totals")"#];
    assert_error(&error, ErrorKind::Persistence, &words);
    let columns = |_: &Pipeline, broker: &Broker, orders: &Table<Order>| {
        let totals = reduce!(o in orders by o.city => { o.city, sum: sum(o.price) }).named("totals");
        nats::write(&totals, broker, "out").name("out").json();
    };
    let error = run(&store, &[], columns).expect_err("other columns");
    assert_error(
        &error,
        ErrorKind::Persistence,
        &[
            "in which `totals` has the parameters (columns city: String, total: i64;",
            "and here (columns city: T0, sum: T1",
        ],
    );

    let store = Store::new();
    let windows = |length: i64| {
        move |_: &Pipeline, broker: &Broker, orders: &Table<Order>| {
            let windows = reduce!(o in orders window tumbling(o.at, length) as w => { w.start, n: count() });
            nats::write(&windows.named("windows"), broker, "out").name("out").json();
        }
    };
    run(&store, &[1], windows(10)).unwrap();
    run(&store, &[2], windows(10)).unwrap();
    let error = run(&store, &[], windows(20)).expect_err("another window");
    assert_error(
        &error,
        ErrorKind::Persistence,
        &["in which `windows` has the parameters", "length: 10", "length: 20"],
    );
}

/// A condition is a closure: that it has changed is not noticed. But a reducer with a condition has another state than one without.
#[test]
fn a_condition_that_is_new_is_refused_and_a_changed_one_is_not_noticed() {
    let below = |limit: i64| {
        move |_: &Pipeline, broker: &Broker, orders: &Table<Order>| {
            let counts = reduce!(o in orders by o.city => Total { o.city, total: count() where o.price < limit });
            nats::write(&counts.named("totals"), broker, "out").name("out").json();
        }
    };
    let all = |_: &Pipeline, broker: &Broker, orders: &Table<Order>| {
        let counts = reduce!(o in orders by o.city => Total { o.city, total: count() });
        nats::write(&counts.named("totals"), broker, "out").name("out").json();
    };
    let store = Store::new();
    assert_eq!(run(&store, &[1, 20, 300], below(10)).unwrap(), [total(1)]);
    assert_eq!(run(&store, &[2, 20], below(10)).unwrap().last(), Some(&total(2)));
    assert_eq!(run(&store, &[3, 20, 300], below(100)).unwrap().last(), Some(&total(4)));
    let error = run(&store, &[], all).expect_err("no condition");
    assert_error(&error, ErrorKind::Persistence, &["another state `groups` of `totals`", r#".rebuild("totals")"#]);

    let store = Store::new();
    assert_eq!(run(&store, &[1, 20], all).unwrap(), [total(2)]);
    let error = run(&store, &[], below(10)).expect_err("a condition");
    assert_error(&error, ErrorKind::Persistence, &["another state `groups` of `totals`", r#".rebuild("totals")"#]);
}

#[test]
fn a_changed_program_does_not_continue_a_log() {
    let store = Store::new();
    let never = || Persistence::from(&store).checkpoint_every(Duration::MAX);
    run(never(), &[1], |_, broker, orders| totals(broker, orders)).unwrap();
    let cheap = |_: &Pipeline, broker: &Broker, orders: &Table<Order>| {
        let cheap = filter!(o in orders => o.price < 100);
        totals(broker, &cheap);
    };
    let error = run(never(), &[], cheap).expect_err("a log");
    let words = ["has the log of another program, with 1 commits", "stop it in an orderly way"];
    assert_error(&error, ErrorKind::Persistence, &words);
    // That program makes a checkpoint.
    run(&store, &[2], |_, broker, orders| totals(broker, orders)).unwrap();
    let published = run(&store, &[3], cheap).unwrap();
    assert_eq!(published.last(), Some(&total(6)));
}
