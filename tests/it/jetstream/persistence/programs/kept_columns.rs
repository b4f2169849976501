//! Joins that keep only the columns that their outputs mention, in programs that mention other ones.

use super::*;

/// A row whose columns have other names in messages than in the program, some of which were swapped.
#[derive(Clone, Schema)]
struct Event {
    city: String,
    #[schema(rename = "right")]
    left: i64,
    #[schema(rename = "left")]
    right: i64,
    note: Option<String>,
    #[schema(default = "none")]
    word: String,
    at: i64,
}

/// The row before it got its last columns.
#[derive(Clone, Schema)]
struct OldEvent {
    city: String,
    #[schema(rename = "right")]
    left: i64,
    #[schema(rename = "left")]
    right: i64,
    at: i64,
}

/// A row of the place of a city.
#[derive(Clone, Schema)]
struct Visit {
    #[schema(flatten)]
    place: Place,
    n: i64,
}

#[derive(Clone, Schema)]
struct Place {
    city: String,
    #[schema(default = 7)]
    zone: i64,
}

fn event(city: &str, number: i64) -> String {
    format!(
        r#"{{"city": "{city}", "right": {number}, "left": {}, "note": "n{number}", "word": "w{number}", "at": {number}}}"#,
        10 * number
    )
}

/// Runs a program whose join is made by the closure, with one message.
fn run_join<R: Schema, O: Schema>(
    store: impl Into<Persistence>,
    message: &str,
    join: impl Fn(&Table<R>) -> Table<O>,
) -> pathway::Result<Vec<String>> {
    run_messages(store, &[message], |_, broker, events: &Table<R>| {
        nats::write(&join(events).named("pairs"), broker, "out").name("out").json();
    })
}

/// Each event with those that have come before and with itself, by two columns. What it has of them is in the output, so that it
/// shows what was kept.
macro_rules! pairs {
    ($row:ty, |$a:ident, $b:ident| { $($output:tt)* }) => {
        |events: &Table<$row>| join!($a in events, $b in events on $a.city == $b.city => { $($output)* })
    };
}

#[test]
fn fewer_columns_and_another_order_are_no_other_state() {
    let store = Store::new();
    let first = pairs!(Event, |a, b| { a.left, b.right, b.note });
    assert_eq!(run_join(&store, &event("Oslo", 1), first).unwrap(), [inserted(r#""left":1,"right":10,"note":"n1""#)]);
    let second = pairs!(Event, |a, b| { other: b.right, mine: a.left });
    let expected = [r#""other":10,"mine":2"#, r#""other":20,"mine":1"#, r#""other":20,"mine":2"#].map(inserted);
    assert_eq!(run_join(&store, &event("Oslo", 2), second).unwrap(), expected);
    // What was left out then is not there any more.
    let error = run_join(&store, &event("Oslo", 3), first).expect_err("a column that is kept only now");
    let words = ["another state `rows` of `pairs`: the column `note` is kept only now", r#".rebuild("pairs")"#];
    assert_error(&error, ErrorKind::Persistence, &words);
    let published = run_join(Persistence::from(&store).rebuild("pairs"), &event("Oslo", 3), first).unwrap();
    assert_eq!(published, [inserted(r#""left":3,"right":30,"note":"n3""#)]);
}

#[test]
fn a_column_that_was_not_kept_is_refused_also_where_it_has_a_default() {
    let store = Store::new();
    let first = pairs!(Event, |a, b| { a.left, other: b.right });
    run_join(&store, &event("Oslo", 1), first).unwrap();
    for (column, error) in [
        ("note", run_join(&store, &event("Oslo", 2), pairs!(Event, |a, b| { a.left, b.note }))),
        ("word", run_join(&store, &event("Oslo", 2), pairs!(Event, |a, b| { a.left, b.word }))),
        ("city", run_join(&store, &event("Oslo", 2), pairs!(Event, |a, b| { a.left, b.city }))),
        // The whole row.
        ("city", run_join(&store, &event("Oslo", 2), pairs!(Event, |a, b| { ..a, other: b.right }))),
    ] {
        let error = error.expect_err(column);
        let words = [&format!("the column `{column}` is kept only now"), r#".rebuild("pairs")"#];
        assert_error(&error, ErrorKind::Persistence, &words);
    }
}

#[test]
fn a_column_that_is_new_in_the_row_has_its_default() {
    let store = Store::new();
    run_join(&store, &event("Oslo", 1), pairs!(OldEvent, |a, b| { a.left, other: b.right })).unwrap();
    let now = pairs!(Event, |a, b| { a.left, other: b.right, b.word, b.note });
    let published = run_join(&store, &event("Oslo", 2), now).unwrap();
    let expected = [
        r#""left":1,"other":20,"word":"w2","note":"n2""#,
        r#""left":2,"other":10,"word":"none","note":null"#,
        r#""left":2,"other":20,"word":"w2","note":"n2""#,
    ];
    assert_eq!(published, expected.map(inserted));
}

/// A join that keeps whole rows, as by a method, is followed by one that keeps some of their columns.
#[test]
fn whole_rows_become_some_of_their_columns() {
    let store = Store::new();
    run_join(&store, &event("Oslo", 1), pairs!(Event, |a, b| { ..a, other: b.clone().right })).unwrap();
    let now = pairs!(Event, |a, b| { mine: a.left, other: b.right });
    let expected = [r#""mine":1,"other":20"#, r#""mine":2,"other":10"#, r#""mine":2,"other":20"#].map(inserted);
    assert_eq!(run_join(&store, &event("Oslo", 2), now).unwrap(), expected);
}

#[test]
fn columns_of_a_flattened_row_are_kept_together() {
    let store = Store::new();
    let place = |events: &Table<Visit>| join!(a in events, b in events on a.place.city == b.place.city => { a.n, b.place.zone });
    let visit = |n| format!(r#"{{"city": "Oslo", "zone": 3, "n": {n}}}"#);
    assert_eq!(run_join(&store, &visit(1), place).unwrap(), [inserted(r#""n":1,"zone":3"#)]);
    let expected = [r#""n":1,"zone":3"#, r#""n":2,"zone":3"#, r#""n":2,"zone":3"#].map(inserted);
    assert_eq!(run_join(&store, &visit(2), place).unwrap(), expected);
    let n =
        |events: &Table<Visit>| join!(a in events, b in events on a.place.city == b.place.city => { a.n, other: b.n });
    let error = run_join(&store, &visit(3), n).expect_err("a column that is kept only now");
    assert_error(&error, ErrorKind::Persistence, &["the column `n` is kept only now"]);
}

/// The same of joins by time, and of rows that are joined once.
#[test]
fn other_joins_that_keep_columns_are_refused_other_ones() {
    let within = |store: &Store, column: bool| match column {
        false => run_join(
            store,
            &event("Oslo", 1),
            |events: &Table<Event>| join!(a in events, b? in events on a.city == b.city within b.at - a.at in -5..=5 => { a.left, n: b.map(|b| b.right) }),
        ),
        true => run_join(
            store,
            &event("Oslo", 2),
            |events: &Table<Event>| join!(a in events, b? in events on a.city == b.city within b.at - a.at in -5..=5 => { a.left, n: b.map(|b| b.at) }),
        ),
    };
    let now = |store: &Store, column: bool| match column {
        false => run_join(
            store,
            &event("Oslo", 1),
            |events: &Table<Event>| join!(a in events, b? in events asof_now on a.city == b.city => { a.left, n: b.map_or(0, |b| b.right) }),
        ),
        true => run_join(
            store,
            &event("Oslo", 2),
            |events: &Table<Event>| join!(a in events, b? in events asof_now on a.city == b.city => { a.left, n: b.map_or(0, |b| b.at) }),
        ),
    };
    let of_changes = |store: &Store, column: bool| match column {
        false => run_join(store, &event("Oslo", 1), |events: &Table<Event>| {
            let latest = reduce!(e in events by e.city => { e.city, row: count() });
            join!(a in latest, b? in events asof_now on a.city == b.city => { a.row, n: b.and_then(|b| b.note.clone()) })
        }),
        true => run_join(store, &event("Oslo", 2), |events: &Table<Event>| {
            let latest = reduce!(e in events by e.city => { e.city, row: count() });
            join!(a in latest, b? in events asof_now on a.city == b.city => { a.row, n: b.map(|b| b.at) })
        }),
    };
    for join in [&within as &dyn Fn(&Store, bool) -> _, &now, &of_changes] {
        let store = Store::new();
        join(&store, false).unwrap();
        assert_error(&join(&store, true).expect_err("a column"), ErrorKind::Persistence, &["`at` is kept only now"]);
    }
}

/// Each event with those of its city, and of each of these the one with the same `left`.
macro_rules! triples {
    (|$a:ident, $b:ident, $c:ident| { $($output:tt)* }) => {
        |events: &Table<Event>| join!(
            $a in events,
            $b in events on city,
            $c? in events on $b.left == $c.left && $c.at > 0 => { $($output)* }
        )
    };
}

/// Both joins continue, and say what they have left out of the rows of each table.
#[test]
fn joins_of_three_tables_continue_with_fewer_columns() {
    let store = Store::new();
    let first = triples!(|a, b, c| { a.left, b.right, note: c.and_then(|c| c.note.clone()) });
    let expected = [inserted(r#""left":1,"right":10,"note":"n1""#)];
    assert_eq!(run_join(&store, &event("Oslo", 1), first).unwrap(), expected);
    let expected = [
        r#""left":1,"right":20,"note":"n2""#,
        r#""left":2,"right":10,"note":"n1""#,
        r#""left":2,"right":20,"note":"n2""#,
    ];
    assert_eq!(run_join(&store, &event("Oslo", 2), first).unwrap(), expected.map(inserted));
    let fewer = triples!(|a, b, c| { b.right, mine: a.left });
    let expected = [(30, 1), (30, 2), (10, 3), (20, 3), (30, 3)];
    let mut expected = expected.map(|(right, left)| inserted(&format!(r#""right":{right},"mine":{left}"#)));
    expected.sort();
    assert_eq!(run_join(&store, &event("Oslo", 3), fewer).unwrap(), expected);
    let error = run_join(&store, &event("Oslo", 4), first).expect_err("a column that is kept only now");
    assert_error(&error, ErrorKind::Persistence, &["state `rows` of `pairs`", "the column `note` is kept only now"]);
    let error = run_join(&store, &event("Oslo", 4), triples!(|a, b, c| { b.right, mine: a.left, a.word }));
    let error = error.expect_err("a column that is kept only now");
    assert_error(&error, ErrorKind::Persistence, &["the column `word` is kept only now"]);
}
