//! By what operators, sources and sinks are known when a program has changed.

use super::*;

/// Totals of an operator that has no name.
fn unnamed(broker: &Broker, orders: &Table<Order>) {
    let totals = reduce!(o in orders by o.city => Total { o.city, total: sum(o.price) });
    nats::write(&totals, broker, "out").name("out").json();
}

/// Another operator without a name.
fn counts(broker: &Broker, orders: &Table<Order>) {
    let counts = reduce!(o in orders by o.city => { o.city, n: count() });
    nats::write(&counts, broker, "out").name("counted").json();
}

fn first_unnamed(store: &Store) {
    let published = run(store, &[1, 2], |_, broker, orders| unnamed(broker, orders)).unwrap();
    assert_eq!(published, [total(3)]);
}

#[test]
fn another_operator_before_an_unnamed_one_changes_nothing() {
    let store = Store::new();
    first_unnamed(&store);
    let two = |_: &Pipeline, broker: &Broker, orders: &Table<Order>| {
        let stateless = filter!(o in orders => o.price > 1_000);
        nats::write(&stateless, broker, "none").json();
        counts(broker, orders);
        unnamed(broker, orders);
    };
    let error = run(&store, &[], two).expect_err("a new operator");
    let words = ["no state of `reduce` (reduce of `orders`", "which is new", r#".starts_empty("reduce")"#];
    assert_error(&error, ErrorKind::Persistence, &words);
    let published = run(Persistence::from(&store).starts_empty("reduce"), &[4], two).unwrap();
    let count = |count: i64| inserted(&format!(r#""city":"Oslo","n":{count}"#));
    assert!(published.contains(&total(7)) && published.contains(&count(1)), "{published:?}");
    // It is `reduce-2` now, and goes on when the first one is gone again. What was said may stay in the program.
    let settings = || Persistence::from(&store).starts_empty("reduce");
    let published = run(settings(), &[5], two).unwrap();
    assert!(published.contains(&total(12)) && published.contains(&count(2)), "{published:?}");
    let one = |_: &Pipeline, broker: &Broker, orders: &Table<Order>| unnamed(broker, orders);
    let error = run(settings(), &[], one).expect_err("an operator is gone");
    assert_error(&error, ErrorKind::Persistence, &["state of `reduce` (reduce of", r#".allow_dropped("reduce")"#]);
    let published = run(settings().allow_dropped("reduce"), &[6], one).unwrap();
    assert_eq!(published.last(), Some(&total(18)));
    let published = run(settings().allow_dropped("reduce"), &[7], one).unwrap();
    assert_eq!(published.last(), Some(&total(25)));
}

#[test]
fn an_unnamed_operator_that_reads_something_else_is_another_one() {
    let store = Store::new();
    first_unnamed(&store);
    let filtered = |name: Option<&'static str>| {
        move |_: &Pipeline, broker: &Broker, orders: &Table<Order>| {
            let cheap = filter!(o in orders => o.price < 100);
            let mut totals = reduce!(o in cheap by o.city => Total { o.city, total: sum(o.price) });
            if let Some(name) = name {
                totals = totals.named(name);
            }
            nats::write(&totals, broker, "out").name("out").json();
        }
    };
    let error = run(&store, &[], filtered(None)).expect_err("it reads something else");
    let words = ["has state of `reduce` (reduce of `orders`", "of `filter`", "name it in that program first"];
    assert_error(&error, ErrorKind::Persistence, &words);
    // The state follows when the operator gets a name.
    let published = run(&store, &[4], |_, broker, orders| totals(broker, orders)).unwrap();
    assert_eq!(published.last(), Some(&total(7)));
    let published = run(&store, &[1_000, 5], filtered(Some("totals"))).unwrap();
    assert_eq!(published.last(), Some(&total(12)));
}

#[test]
fn operators_that_are_alike_are_told_apart_by_their_order() {
    let store = Store::new();
    let sums = |limits: &'static [i64], names: &'static [&'static str]| {
        move |_: &Pipeline, broker: &Broker, orders: &Table<Order>| {
            for (number, limit) in limits.iter().enumerate() {
                let some = filter!(o in orders => o.price < *limit);
                let mut sums = reduce!(o in some => { total: sum(o.price) });
                if let Some(name) = names.get(number) {
                    sums = sums.named(name);
                }
                let sums = select!(s in sums => { limit: *limit, s.total });
                nats::write(&sums, broker, "out").name(format!("out-{number}")).json();
            }
        }
    };
    let sum = |limit: i64, total: i64| inserted(&format!(r#""limit":{limit},"total":{total}"#));
    run(&store, &[1, 20], sums(&[10, 100], &[])).unwrap();
    let published = run(&store, &[2, 30], sums(&[10, 100], &[])).unwrap();
    assert!(published.contains(&sum(10, 3)) && published.contains(&sum(100, 53)), "{published:?}");
    let error = run(&store, &[], sums(&[1_000, 10, 100], &[])).expect_err("three that are alike");
    let words = ["has the state of `reduce` (reduce of `filter`", "`reduce`, `reduce-2`, `reduce-3`", "(`named`)"];
    assert_error(&error, ErrorKind::Persistence, &words);
    let settings = || Persistence::from(&store).starts_empty("large");
    let published = run(settings(), &[3], sums(&[1_000, 10, 100], &["large"])).unwrap();
    assert_eq!(published.iter().filter(|text| text.contains(r#""diff":1"#)).count(), 3);
    for expected in [sum(1_000, 3), sum(10, 6), sum(100, 56)] {
        assert!(published.contains(&expected), "{expected} is not in {published:?}");
    }
}

/// A table in the program has no name of its own.
#[test]
fn another_static_table_before_one_is_not_taken_for_it() {
    #[derive(Schema)]
    struct Rate {
        city: String,
        rate: i64,
    }
    let rates = |pipeline: &Pipeline| pipeline.rows([Rate { city: "Oslo".to_owned(), rate: 10 }]);
    let priced = |broker: &Broker, orders: &Table<Order>, rates: &Table<Rate>| {
        let priced = join!(o in orders, r in rates on o.city == r.city => { o.price, rate: r.rate }).named("priced");
        nats::write(&priced, broker, "out").name("out").json();
    };
    let store = Store::new();
    let one = |pipeline: &Pipeline, broker: &Broker, orders: &Table<Order>| priced(broker, orders, &rates(pipeline));
    assert_eq!(run(&store, &[1], one).unwrap(), [inserted(r#""price":1,"rate":10"#)]);
    let two = |pipeline: &Pipeline, broker: &Broker, orders: &Table<Order>| {
        let totals = pipeline.rows([Total { city: "Rome".to_owned(), total: 5 }]);
        nats::write(&totals, broker, "static").json();
        priced(broker, orders, &rates(pipeline));
    };
    for price in [2, 3] {
        assert_eq!(run(&store, &[price], two).unwrap(), [inserted(&format!(r#""price":{price},"rate":10"#))]);
    }
    let three = |pipeline: &Pipeline, broker: &Broker, orders: &Table<Order>| {
        nats::write(&rates(pipeline), broker, "static").json();
        two(pipeline, broker, orders);
    };
    let error = run(&store, &[], three).expect_err("two tables of one type");
    assert_error(&error, ErrorKind::Persistence, &["more than one part of this program", "row types of their own"]);
    assert_eq!(run(&store, &[4], one).unwrap(), [inserted(r#""price":4,"rate":10"#)]);
}

#[test]
fn a_name_that_nobody_knows_is_an_error() {
    let store = Store::new();
    let declare = |_: &Pipeline, broker: &Broker, orders: &Table<Order>| totals(broker, orders);
    let error = run(Persistence::from(&store).starts_empty("total"), &[], declare).expect_err("a name");
    assert_error(&error, ErrorKind::Persistence, &[r#"`.starts_empty("total")`"#, "did you mean `totals`?"]);
    first(&store);
    type Setting = fn(Persistence, &'static str) -> Persistence;
    let settings: [(&str, Setting); 3] = [
        ("starts_empty", |store, name| store.starts_empty(name)),
        ("allow_dropped", |store, name| store.allow_dropped(name)),
        ("rebuild", |store, name| store.rebuild(name)),
    ];
    for (setting, set) in settings {
        let error = run(set(Persistence::from(&store), "totls"), &[], declare).expect_err("a name");
        let words = [format!(r#"`.{setting}("totls")`"#), "did you mean `totals`?".to_owned()];
        assert_error(&error, ErrorKind::Persistence, &words.each_ref().map(String::as_str));
        let error = run(set(Persistence::from(&store), "something else"), &[], declare).expect_err("a name");
        assert!(!error.to_string().contains("did you mean"), "{error}");
        run(set(Persistence::from(&store), "totals"), &[], declare).unwrap();
    }
    // An operator that was there once is known.
    let none = |_: &Pipeline, _: &Broker, orders: &Table<Order>| drop(orders.collect());
    for _ in 0..2 {
        run(Persistence::from(&store).allow_dropped("totals"), &[], none).unwrap();
    }
}

#[test]
fn operators_are_what_has_made_them() {
    let store = Store::new();
    first(&store);
    let rows = |_: &Pipeline, broker: &Broker, orders: &Table<Order>| {
        let last = orders.deduplicate(|o| o.city.clone()).last().named("totals");
        nats::write(&last, broker, "out").name("out").json();
    };
    let error = run(&store, &[], rows).expect_err("another operator");
    assert_error(&error, ErrorKind::Persistence, &["`totals` is made by `reduce`, and here by `deduplicate`"]);
}
