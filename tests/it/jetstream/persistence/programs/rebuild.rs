//! Operators that begin with an empty state, because they cannot continue with theirs.

use super::*;

fn windows(length: i64) -> impl Fn(&Pipeline, &Broker, &Table<Order>) {
    move |_, broker, orders| {
        let windows = reduce!(o in orders window tumbling(o.at, length) as w => { w.start, n: count() });
        nats::write(&windows.named("windows"), broker, "out").name("out").json();
    }
}

fn window(start: i64, n: i64) -> String {
    inserted(&format!(r#""start":{start},"n":{n}"#))
}

#[test]
fn a_changed_window_begins_empty_where_that_is_said() {
    let store = Store::new();
    run(&store, &[1, 2], windows(10)).unwrap();
    let error = run(&store, &[], windows(20)).expect_err("another window");
    assert_error(&error, ErrorKind::Persistence, &["length: 10", "length: 20", r#".rebuild("windows")"#]);
    let settings = || Persistence::from(&store).rebuild("windows");
    assert_eq!(run(settings(), &[3], windows(20)).unwrap(), [window(0, 1)]);
    // From then on, it has a state with which it continues.
    assert_eq!(run(settings(), &[4], windows(20)).unwrap().last(), Some(&window(0, 2)));
    assert_eq!(run(&store, &[5], windows(20)).unwrap().last(), Some(&window(0, 3)));
}

#[test]
fn a_changed_key_or_reducer_begins_empty_where_that_is_said() {
    let by_price = |_: &Pipeline, broker: &Broker, orders: &Table<Order>| {
        let totals = reduce!(o in orders by o.price => Total { city: o.price.to_string(), total: sum(o.price) });
        nats::write(&totals.named("totals"), broker, "out").name("out").json();
    };
    let means = |_: &Pipeline, broker: &Broker, orders: &Table<Order>| {
        let totals = reduce!(o in orders by o.city => { o.city, total: sum(o.price), n: count() }).named("totals");
        nats::write(&totals, broker, "out").name("out").json();
    };
    let store = Store::new();
    first(&store);
    let error = run(&store, &[], by_price).expect_err("another key");
    assert_error(&error, ErrorKind::Persistence, &["its key is `i64`, and was `String`", r#".rebuild("totals")"#]);
    let published = run(Persistence::from(&store).rebuild("totals"), &[4], by_price).unwrap();
    assert_eq!(published, [inserted(r#""city":"4","total":4"#)]);
    let error = run(&store, &[], means).expect_err("another reducer");
    assert_error(&error, ErrorKind::Persistence, &["`totals` has the parameters", "n: T2"]);
    let published = run(Persistence::from(&store).rebuild("totals"), &[5], means).unwrap();
    assert_eq!(published, [inserted(r#""city":"Oslo","total":5,"n":1"#)]);
}

/// Its old rows would stay there for ever.
#[test]
fn an_operator_with_rows_of_a_rebuilt_one_must_be_rebuilt_too() {
    let program = |length: i64| {
        move |_: &Pipeline, broker: &Broker, orders: &Table<Order>| {
            let windows = reduce!(o in orders window tumbling(o.at, length) as w => { w.start, n: count() });
            let windows = filter!(w in windows.named("windows") => w.n > 0);
            let sizes = reduce!(w in windows => { windows: count(), rows: sum(w.n) }).named("sizes");
            nats::write(&sizes, broker, "out").name("out").json();
            nats::write(&windows, broker, "sizes").kv(|w| w.start.to_string()).name("bucket").json();
        }
    };
    let size = |windows: i64, rows: i64| inserted(&format!(r#""windows":{windows},"rows":{rows}"#));
    let store = Store::new();
    assert_eq!(run(&store, &[1, 11, 12], program(10)).unwrap(), [size(2, 3)]);
    // The first error names all of them.
    let error = run(&store, &[], program(20)).expect_err("another length");
    let words = ["length: 10", r#"say `.rebuild("windows").rebuild("sizes").rebuild("bucket")` to lose these states"#];
    assert_error(&error, ErrorKind::Persistence, &words);
    let error = run(Persistence::from(&store).rebuild("windows"), &[], program(20)).expect_err("rows of it");
    let words = ["begins with an empty state", "has rows that come from", r#".rebuild("bucket").rebuild("sizes")"#];
    assert_error(&error, ErrorKind::Persistence, &words);
    let settings = || Persistence::from(&store).rebuild("windows").rebuild("sizes").rebuild("bucket");
    assert_eq!(run(settings(), &[3], program(20)).unwrap(), [size(1, 1)]);
    assert_eq!(run(settings(), &[23], program(20)).unwrap().last(), Some(&size(2, 2)));
}

#[test]
fn all_operators_that_must_be_rebuilt_are_named_at_once() {
    fn largest(broker: &Broker, totals: Table<Total>) {
        let largest = reduce!(t in totals.named("totals") => { largest: max(t.total) }).named("largest");
        nats::write(&largest, broker, "out").name("out").json();
    }
    let by_price = |_: &Pipeline, broker: &Broker, orders: &Table<Order>| {
        largest(broker, reduce!(o in orders by o.price => Total { city: o.price.to_string(), total: sum(o.price) }));
    };
    let store = Store::new();
    let by_city = |_: &Pipeline, broker: &Broker, orders: &Table<Order>| {
        largest(broker, reduce!(o in orders by o.city => Total { o.city, total: sum(o.price) }));
    };
    run(&store, &[3], by_city).unwrap();
    let error = run(&store, &[], by_price).expect_err("another key");
    let words = ["its key is `i64`, and was `String`", r#"say `.rebuild("largest").rebuild("totals")` to lose"#];
    assert_error(&error, ErrorKind::Persistence, &words);
    let settings = Persistence::from(&store).rebuild("largest").rebuild("totals");
    assert_eq!(run(settings, &[2], by_price).unwrap(), [inserted(r#""largest":2"#)]);
}

/// The rows that it does not get again would be removed later.
#[test]
fn an_operator_that_reads_rows_from_before_cannot_begin_empty_alone() {
    let program = |names: &'static [&'static str]| {
        move |_: &Pipeline, broker: &Broker, orders: &Table<Order>| {
            let totals = reduce!(o in orders by o.city => Total { o.city, total: sum(o.price) }).named("totals");
            for name in names {
                let largest = reduce!(t in totals => { largest: max(t.total) }).named(name);
                nats::write(&largest, broker, "out").name(format!("out-{name}")).json();
            }
            drop(totals.collect());
        }
    };
    let largest = |largest: i64| inserted(&format!(r#""largest":{largest}"#));
    let store = Store::new();
    run(&store, &[3], program(&["a"])).unwrap();
    let settings = || Persistence::from(&store).starts_empty("b");
    let error = run(settings(), &[], program(&["a", "b"])).expect_err("rows from before");
    // Then the other one has rows of these totals.
    let words = [
        "has state of `totals`, which has rows that are removed later",
        r#"say `.rebuild("a").rebuild("totals")`, too"#,
    ];
    assert_error(&error, ErrorKind::Persistence, &words);
    let error = run(settings().rebuild("totals"), &[], program(&["a", "b"])).expect_err("rows of it");
    assert_error(&error, ErrorKind::Persistence, &["has state of `a`", r#".rebuild("a")"#]);
    let published = run(settings().rebuild("totals").rebuild("a"), &[2], program(&["a", "b"])).unwrap();
    assert_eq!(published, [largest(2), largest(2)]);
    let published = run(settings().rebuild("totals").rebuild("a"), &[2], program(&["a", "b"])).unwrap();
    assert_eq!(published.iter().filter(|text| **text == largest(4)).count(), 2, "{published:?}");
}

/// A run that ends before its first checkpoint has lost nothing, and does not find the old state again.
#[test]
fn a_program_with_a_rebuilt_operator_survives_crashes() {
    let mut crashes = 0;
    for writes in 0.. {
        let store = Store::new();
        run(&store, &[1, 2], windows(10)).unwrap();
        store.crash_after(writes);
        let settings = || Persistence::from(&store).rebuild("windows");
        let has_crashed = run(settings(), &[3], windows(20)).is_err();
        store.restart();
        let published = run(settings(), &[4], windows(20)).unwrap();
        let last = published.last();
        assert!(last == Some(&window(0, 1)) || last == Some(&window(0, 2)), "after {writes} writes: {published:?}");
        if !has_crashed {
            break;
        }
        crashes += 1;
    }
    assert!(crashes > 2, "{crashes}");
}

#[derive(Schema)]
struct Rate {
    city: String,
    rate: i64,
}

/// Orders with the rates of a table in the program.
fn priced(name: &'static str) -> impl Fn(&Pipeline, &Broker, &Table<Order>) {
    move |pipeline, broker, orders| {
        let rates = pipeline.rows([Rate { city: "Oslo".to_owned(), rate: 10 }]);
        let priced = join!(o in orders, r in rates on o.city == r.city => { o.price, rate: r.rate }).named(name);
        nats::write(&priced, broker, "out").name("out-priced").json();
    }
}

/// Its rows are in the old state, and are sent only once.
#[test]
fn a_static_table_is_sent_again_to_an_operator_that_begins_empty() {
    let row = |price: i64| inserted(&format!(r#""price":{price},"rate":10"#));
    let mut crashes = 0;
    for writes in 0.. {
        let store = Store::new();
        run(&store, &[1], priced("before")).unwrap();
        let settings = || Persistence::from(&store).starts_empty("priced").allow_dropped("before");
        let error = run(settings(), &[], priced("priced")).expect_err("rows that are not sent again");
        assert_error(&error, ErrorKind::Persistence, &["a table of rows in the program", r#".rebuild("rows")"#]);
        store.crash_after(writes);
        let has_crashed = run(settings().rebuild("rows"), &[2], priced("priced")).is_err();
        store.restart();
        let published = run(settings().rebuild("rows"), &[3], priced("priced")).unwrap();
        assert!(published.contains(&row(3)), "after {writes} writes: {published:?}");
        if !has_crashed {
            break;
        }
        crashes += 1;
    }
    assert!(crashes > 2, "{crashes}");
}

/// A table that is new has all of its rows before it, whatever other tables have had.
#[test]
fn a_new_static_table_is_loaded_again_after_a_crash() {
    let program = |_: &Pipeline, broker: &Broker, orders: &Table<Order>| totals(broker, orders);
    let mut crashes = 0;
    for writes in 0.. {
        let store = Store::new();
        let with_table = |pipeline: &Pipeline, broker: &Broker, orders: &Table<Order>| {
            drop(pipeline.rows([Total { city: "Rome".to_owned(), total: 5 }]).collect());
            program(pipeline, broker, orders);
        };
        run(&store, &[1], with_table).unwrap();
        let with_two = |pipeline: &Pipeline, broker: &Broker, orders: &Table<Order>| {
            with_table(pipeline, broker, orders);
            priced("priced")(pipeline, broker, orders);
        };
        store.crash_after(writes);
        let settings = || Persistence::from(&store).starts_empty("priced");
        let has_crashed = run(settings(), &[2], with_two).is_err();
        store.restart();
        let published = run(settings(), &[3], with_two).unwrap();
        assert!(published.contains(&inserted(r#""price":3,"rate":10"#)), "after {writes} writes: {published:?}");
        if !has_crashed {
            break;
        }
        crashes += 1;
    }
    assert!(crashes > 2, "{crashes}");
}
