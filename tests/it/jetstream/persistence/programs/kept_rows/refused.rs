//! Which columns are refused: those by which rows are sorted or told apart.

use pathway::reducers::CountDistinctApprox;

use super::*;

/// What a changed program says when it starts.
fn refusal<A: Event, B: Event>(name: &str, before: Vec<Operator<A>>, after: Vec<Operator<B>>) -> pathway::Error {
    let (_, before) = before.into_iter().find(|it| it.0 == name).unwrap();
    let (_, after) = after.into_iter().find(|it| it.0 == name).unwrap();
    let (store, messages) = (Store::new(), [message(&mut Random::new(0), 0, false)]);
    let write = |broker: &Broker, rows: &Table<Out>| nats::write(rows, broker, "out").name("out").json();
    run_on(1, &store, &messages, |_, broker, events: &Table<A>| write(broker, &before(events))).unwrap();
    let program = |_: &Pipeline, broker: &Broker, events: &Table<B>| write(broker, &after(events));
    run_on(1, &store, &messages, program).expect_err("other columns")
}

#[test]
fn reducers_that_sort_rows_are_refused_columns_in_another_order() {
    let error = refusal::<First, More>("arg_max", by_value(), by_value());
    let words = ["another state `groups` of `kept`", "come in another order from `city` on", r#".rebuild("kept")"#];
    assert_error(&error, ErrorKind::Persistence, &words);
}

/// They know the rows by hashes of all of their columns.
#[test]
fn reducers_that_tell_rows_apart_are_refused_fewer_columns() {
    let error = refusal::<FirstByKey, FewerByKey>("latest", by_reducer(), by_reducer());
    assert_error(&error, ErrorKind::Persistence, &["its input is a row without the column `price`"]);
    let approximate = |events: &Table<First>| {
        let output = |_: &String, id: i64| Out { id, other: None, note: None };
        events.group_by(First::city).reduce(CountDistinctApprox::new(), First::clone, output).named("kept")
    };
    let wider = |events: &Table<Wider>| {
        let output = |_: &String, id: i64| Out { id, other: None, note: None };
        events.group_by(Wider::city).reduce(CountDistinctApprox::new(), Wider::clone, output).named("kept")
    };
    let error =
        refusal::<First, Wider>("approximate", vec![("approximate", approximate)], vec![("approximate", wider)]);
    assert_error(&error, ErrorKind::Persistence, &["its state has hashes of values that are `{id: i64, note:"]);
}
