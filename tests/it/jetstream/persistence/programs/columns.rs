//! Rows whose columns have changed: states that keep whole rows continue with them.

use super::*;

#[derive(Clone, Copy, Debug, PartialEq, ColumnType)]
enum State {
    Open,
    Closed,
}

#[derive(Clone, Debug, PartialEq, ColumnType)]
struct Price(f64);

#[derive(Clone, Schema)]
struct Place {
    city: String,
    zip: Option<String>,
}

/// A row with a column of each type.
#[derive(Clone, Schema)]
struct Before {
    #[schema(primary_key)]
    id: i64,
    gone: Vec<Option<(String, i8)>>,
    flag: bool,
    i8: i8,
    i16: i16,
    i32: i32,
    u8: u8,
    u16: u16,
    u32: u32,
    u64: u64,
    f32: f32,
    f64: f64,
    text: String,
    bytes: Bytes,
    gone_too: Option<Json>,
    json: Json,
    utc: DateTimeUtc,
    naive: DateTimeNaive,
    duration: SignedDuration,
    option: Option<i64>,
    list: Vec<i64>,
    pair: (i64, String),
    state: State,
    price: Price,
    #[schema(flatten)]
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, ColumnType)]
enum StateNow {
    Lost,
    Closed,
    Open,
}

/// The same columns in another order, without some, and with new ones. What was flattened is no more.
#[derive(Clone, Schema)]
struct After {
    zip: Option<String>,
    price: Price,
    state: StateNow,
    pair: (i64, String),
    list: Vec<i64>,
    option: Option<i64>,
    duration: SignedDuration,
    naive: DateTimeNaive,
    utc: DateTimeUtc,
    json: Json,
    bytes: Bytes,
    text: String,
    f64: f64,
    f32: f32,
    u64: u64,
    u32: u32,
    u16: u16,
    u8: u8,
    i32: i32,
    i16: i16,
    i8: i8,
    flag: bool,
    #[schema(primary_key)]
    id: i64,
    city: String,
    note: Option<String>,
    #[schema(default = "new")]
    word: String,
    #[schema(default = 7 * 6)]
    number: i64,
    #[schema(default)]
    none: Vec<String>,
}

fn write<R: Schema>(_: &Pipeline, broker: &Broker, rows: &Table<R>) {
    nats::write(rows, broker, "out").name("out").json();
}

const COLUMNS: &str = concat!(
    r#""zip":"0150","price":2.5,"state":"Open","pair":[4,"four"],"list":[1,2],"option":5,"duration":6000,"#,
    r#""naive":"2024-01-02T03:04:05.000000000","utc":"2024-01-02T03:04:05.000000000+0000","json":{"a":[null,1.5]},"#,
    r#""bytes":"AQI=","text":"text","f64":-0.5,"f32":0.25,"u64":18446744073709551615,"u32":4294967295,"u16":65535,"u8":255,"#,
    r#""i32":-70000,"i16":-300,"i8":-128,"flag":true,"id":1,"city":"Oslo""#
);

/// A message with columns of both rows.
fn message(text: &str) -> String {
    let gone = r#""gone":[["x",1],null],"gone_too":{"b":0}"#;
    format!("{{{}, {gone}}}", COLUMNS.replace(r#""text":"text""#, &format!(r#""text":"{text}""#)))
}

#[test]
fn columns_of_every_type_are_migrated() {
    for (workers, now) in [(1, 1), (1, 3), (3, 3)] {
        let store = Store::new();
        run_on(workers, &store, &[message("text")], write::<Before>).unwrap();
        let new = r#""note":null,"word":"new","number":42,"none":[]"#;
        let row = |text: &str| format!("{},{new}", COLUMNS.replace(r#""text":"text""#, &format!(r#""text":"{text}""#)));
        let published = run_on(now, &store, &[message("b")], write::<After>).unwrap();
        assert_eq!(published, [removed(&row("text")), inserted(&row("b"))]);
        let published = run_on(now, &store, &[message("c")], write::<After>).unwrap();
        assert_eq!(published, [removed(&row("b")), inserted(&row("c"))]);
    }
}

#[derive(Clone, Schema)]
struct Typed<T> {
    #[schema(primary_key)]
    id: i64,
    value: T,
}

#[derive(Clone, Schema)]
struct OtherKey {
    #[schema(primary_key)]
    id: i64,
    #[schema(primary_key)]
    value: i64,
}

#[test]
fn a_changed_type_and_a_new_column_without_a_default_are_refused() {
    let store = Store::new();
    run_messages(&store, &[r#"{"id": 1, "value": 2}"#], write::<Typed<i64>>).unwrap();
    let none: [&str; 0] = [];
    let error = run_messages(&store, &none, write::<Typed<f64>>).expect_err("another type");
    let words =
        ["another state `rows` of `orders`", "the column `value` is `f64`, and was `i64`", r#".rebuild("orders")"#];
    assert_error(&error, ErrorKind::Persistence, &words);
    let error = run_messages(&store, &none, write::<OtherKey>).expect_err("another key");
    assert_error(&error, ErrorKind::Persistence, &["(primary key id), and here (primary key id, value)"]);

    #[derive(Clone, Schema)]
    struct More {
        #[schema(primary_key)]
        id: i64,
        value: i64,
        more: String,
    }
    let error = run_messages(&store, &none, write::<More>).expect_err("no default");
    assert_error(&error, ErrorKind::Persistence, &["the column `more` (String) is new, and has no default"]);
    let published = run_messages(&store, &[r#"{"id": 1, "value": 3}"#], write::<Typed<i64>>).unwrap();
    assert_eq!(published, [removed(r#""id":1,"value":2"#), inserted(r#""id":1,"value":3"#)]);
    let rebuilt = Persistence::from(&store).rebuild("orders");
    let published = run_messages(rebuilt, &[r#"{"id": 1, "value": 3.5}"#], write::<Typed<f64>>).unwrap();
    assert_eq!(published, [inserted(r#""id":1,"value":3.5"#)]);
}

#[derive(Clone, Schema)]
struct Event {
    city: String,
    price: i64,
    at: i64,
    side: String,
}

#[derive(Clone, Schema)]
struct NewEvent {
    note: Option<String>,
    at: i64,
    side: String,
    city: String,
}

impl NewEvent {
    /// What the joins of both programs emit.
    fn joined(&self, other: &NewEvent) -> Joined {
        Joined { at: self.at, other: other.at, note: other.note.clone() }
    }
}

#[derive(Schema)]
struct Joined {
    at: i64,
    other: i64,
    note: Option<String>,
}

/// A join of each kind, of one side's events with the other's; the last events of each city; and rows that are held back.
macro_rules! program {
    ($row:ty, $joined:expr) => {
        |_: &Pipeline, broker: &Broker, events: &Table<$row>| {
            let lefts = events.filter(|e| e.side == "left");
            let rights = events.filter(|e| e.side == "right");
            let key = |e: &$row| e.city.clone();
            let joined = $joined;
            let join = || lefts.join(&rights).on(key, key);
            let tables = [
                ("join", join().inner(joined).named("join")),
                ("asof", join().asof(|e| e.at, |e| e.at).inner(joined).named("asof")),
                ("within", join().within(|e| e.at, |e| e.at, -100..=100).inner(joined).named("within")),
                ("now", join().asof_now().inner(joined).named("now")),
            ];
            for (name, table) in tables {
                let named = table.select(move |j| Named {
                    by: name.to_owned(),
                    at: j.at,
                    other: j.other,
                    note: j.note.clone(),
                });
                nats::write(&named, broker, "out").name(format!("out-{name}")).json();
            }
            let last = rights.deduplicate(key).last().named("last");
            let last = last.select(|e| Named { by: "last".to_owned(), at: e.at, other: 0, note: None });
            nats::write(&last, broker, "out").name("out-last").json();
            let held = rights.timed(|e| e.at).buffer(10).named("held");
            let held = held.select(|e| Named { by: "held".to_owned(), at: e.at, other: 0, note: None });
            nats::write(&held, broker, "out").name("out-held").json();
        }
    };
}

#[derive(Schema)]
struct Named {
    by: String,
    at: i64,
    other: i64,
    note: Option<String>,
}

fn event(side: &str, at: i64, more: &str) -> String {
    format!(r#"{{"side": "{side}", "city": "Oslo", "price": 1, "at": {at}{more}}}"#)
}

#[test]
fn operators_that_keep_rows_continue_with_other_columns() {
    let before = program!(Event, |l: &Event, r: &Event| Joined { at: l.at, other: r.at, note: None });
    let after = program!(NewEvent, NewEvent::joined);
    let named =
        |by: &str, at: i64, other: i64, note: &str| format!(r#""by":"{by}","at":{at},"other":{other},"note":{note}"#);
    for (workers, now) in [(1, 1), (1, 2), (2, 2), (2, 1), (3, 2)] {
        let store = Store::new();
        run_on(workers, &store, &[event("right", 1, ""), event("right", 5, ""), event("left", 6, "")], before).unwrap();
        let (left, right) = (event("left", 7, ""), event("right", 8, r#", "note": "x""#));
        let mut published = run_on(now, &store, &[left, right], after).unwrap();
        published.sort();
        let mut expected: Vec<_> = [
            ("join", 6, 8, r#""x""#),
            ("join", 7, 1, "null"),
            ("join", 7, 5, "null"),
            ("join", 7, 8, r#""x""#),
            ("within", 6, 8, r#""x""#),
            ("within", 7, 1, "null"),
            ("within", 7, 5, "null"),
            ("within", 7, 8, r#""x""#),
            ("asof", 7, 5, "null"),
            ("now", 7, 1, "null"),
            ("now", 7, 5, "null"),
            ("last", 8, 0, "null"),
        ]
        .map(|(by, at, other, note)| inserted(&named(by, at, other, note)))
        .to_vec();
        expected.push(removed(&named("last", 5, 0, "null")));
        expected.sort();
        assert_eq!(published, expected, "{workers} workers, then {now}");
        let published = run_on(now, &store, &[event("right", 30, "")], after).unwrap();
        let mut held: Vec<_> = published.into_iter().filter(|text| text.contains("held")).collect();
        held.sort();
        assert_eq!(held, [1, 5, 8].map(|at| inserted(&named("held", at, 0, "null"))), "{workers} workers, then {now}");
    }
}

/// The rows of the first program are in the files until a checkpoint of the second one replaces them.
#[test]
fn rows_are_migrated_again_after_a_crash() {
    let mut crashes = 0;
    for writes in 0.. {
        let store = Store::new();
        run_messages(&store, &[message("text")], write::<Before>).unwrap();
        store.crash_after(writes);
        let has_crashed = run_messages(&store, &[message("text")], write::<After>).is_err();
        store.restart();
        let published = run_messages(&store, &[message("b")], write::<After>).unwrap();
        assert_eq!(published.len(), 2, "after {writes} writes: {published:?}");
        assert!(published[0].contains(r#""text":"text""#) && published[0].ends_with(r#""none":[],"diff":-1"#));
        if !has_crashed {
            break;
        }
        crashes += 1;
    }
    assert!(crashes > 2, "{crashes}");
}

/// Rows that are told apart by all of their columns.
#[test]
fn rows_that_are_keys_can_get_columns_but_not_lose_them() {
    #[derive(Clone, Schema)]
    struct Word {
        text: String,
        n: i64,
    }
    #[derive(Clone, Schema)]
    struct More {
        more: Option<i64>,
        n: i64,
        text: String,
    }
    #[derive(Clone, Schema)]
    struct Less {
        text: String,
    }
    fn program<R: Schema + Clone>(_: &Pipeline, broker: &Broker, words: &Table<R>) {
        let all = words.difference(&words.filter(|_| false)).named("all");
        nats::write(&all.distinct().named("unique"), broker, "out").name("out").json();
    }
    for (workers, now) in [(1, 1), (2, 3), (2, 2)] {
        let store = Store::new();
        let words = [r#"{"text": "a", "n": 1}"#, r#"{"text": "b", "n": 2}"#];
        run_on(workers, &store, &words, program::<Word>).unwrap();
        let none: [&str; 0] = [];
        let error = run_on(now, &store, &none, program::<Less>).expect_err("a column is gone");
        assert_error(&error, ErrorKind::Persistence, &["its key is a row without the column `n`", ".rebuild(\"all\")"]);
        let published =
            run_on(now, &store, &[words[0], r#"{"text": "a", "n": 1, "more": 5}"#], program::<More>).unwrap();
        assert_eq!(published, [inserted(r#""more":5,"n":1,"text":"a""#)]);
    }
}

mod rates {
    use pathway::prelude::*;

    #[derive(Clone, Debug, PartialEq, Schema)]
    pub(super) struct Rate {
        pub(super) city: String,
        pub(super) rate: i64,
    }
}

/// The same with another column.
#[derive(Clone, Debug, PartialEq, Schema)]
struct Rate {
    note: Option<String>,
    city: String,
    rate: i64,
}

/// The changes of a bucket that gets one value.
fn put<R: Schema>(store: &Store, city: &str, rate: i64) -> Vec<(R, i64)> {
    let broker = Broker::new();
    let pipeline = Pipeline::named("rates").persist(Persistence::from(store));
    let seen = nats::read(&pipeline, &broker, "rates").kv().json::<R>().collect();
    let running = pipeline.start().unwrap();
    broker.publish(&format!("$KV.rates.{city}"), format!(r#"{{"city": "{city}", "rate": {rate}}}"#));
    broker.commit();
    broker.close();
    running.join().unwrap();
    seen.changes().into_iter().map(|(_, row, diff)| (row, diff)).collect()
}

#[test]
fn the_rows_of_a_bucket_continue_with_other_columns() {
    let store = Store::new();
    let rate = |rate: i64| rates::Rate { city: "Oslo".to_owned(), rate };
    assert_eq!(put::<rates::Rate>(&store, "Oslo", 7), [(rate(7), 1)]);
    let now = |rate: i64| Rate { note: None, city: "Oslo".to_owned(), rate };
    assert_eq!(put::<Rate>(&store, "Oslo", 9), [(now(7), -1), (now(9), 1)]);
    assert_eq!(put::<rates::Rate>(&store, "Oslo", 11), [(rate(9), -1), (rate(11), 1)]);
}
