//! Every operator that keeps whole rows, with rows that get other columns: it goes on as if they had always had them.

mod refused;

use pathway::reducers::{ArgMax, ArgMin, Count, CountDistinct, Earliest, Filtered, Latest, SortedTuple, TopK, Tuple};
use pathway::schema::Datum;
use pathway::windows::{session, tumbling};

use super::*;
use crate::support::random::Random;

/// What the rows of all programs have.
trait Event: Schema + Clone {
    fn id(&self) -> i64;
    fn city(&self) -> String;
    fn at(&self) -> i64;
    fn note(&self) -> Option<String> {
        None
    }
}

macro_rules! events {
    ($(#[$of_id:meta])* $first:ident, $more:ident, $wider:ident, $fewer:ident) => {
        #[derive(Clone, Schema)]
        struct $first {
            $(#[$of_id])*
            id: i64,
            city: String,
            at: i64,
            price: f64,
        }

        /// With other columns, in another order. But rows of a commit that have no order of arrival are sorted by the first column,
        /// and this decides which one counts as the last.
        #[derive(Clone, Schema)]
        struct $more {
            $(#[$of_id])*
            id: i64,
            at: i64,
            note: Option<String>,
            city: String,
            #[schema(default = "none")]
            kind: String,
            price: f64,
        }

        /// With other columns, in the same order.
        #[derive(Clone, Schema)]
        struct $wider {
            $(#[$of_id])*
            id: i64,
            note: Option<String>,
            city: String,
            #[schema(default = "none")]
            kind: String,
            at: i64,
            price: f64,
        }

        /// Rows that were different can be equal.
        #[derive(Clone, Schema)]
        struct $fewer {
            $(#[$of_id])*
            id: i64,
            note: Option<String>,
            city: String,
            at: i64,
        }

        events!(impl $first, |_: &$first| None);
        events!(impl $more, |event: &$more| event.note.clone());
        events!(impl $wider, |event: &$wider| event.note.clone());
        events!(impl $fewer, |event: &$fewer| event.note.clone());
    };
    (impl $name:ident, $note:expr) => {
        impl Event for $name {
            fn id(&self) -> i64 {
                self.id
            }

            fn city(&self) -> String {
                self.city.clone()
            }

            fn at(&self) -> i64 {
                self.at
            }

            fn note(&self) -> Option<String> {
                let note: fn(&$name) -> Option<String> = $note;
                note(self)
            }
        }
    };
}

events!(First, More, Wider, Fewer);
events!(
    #[schema(primary_key)]
    FirstByKey,
    MoreByKey,
    WiderByKey,
    FewerByKey
);

#[derive(Schema)]
struct Out {
    id: i64,
    other: Option<i64>,
    note: Option<String>,
}

fn out<R: Event>(event: &R) -> Out {
    Out { id: event.id(), other: None, note: event.note() }
}

fn pair<R: Event>(event: &R, other: &R) -> Out {
    Out { id: event.id(), other: Some(other.id()), note: other.note() }
}

fn pair_or_one<R: Event>(event: &R, other: Option<&R>) -> Out {
    other.map_or_else(|| out(event), |other| pair(event, other))
}

type Operator<R> = (&'static str, fn(&Table<R>) -> Table<Out>);

/// Operators that tell rows apart by some of their columns. `halves` are the rows with even and odd numbers.
fn by_key<R: Event>() -> Vec<Operator<R>> {
    fn halves<R: Event>(events: &Table<R>) -> [Table<R>; 2] {
        [0, 1].map(|half| events.filter(move |event| event.id() % 2 == half))
    }
    fn joined<R: Event>(events: &Table<R>) -> pathway::operators::Join<R, R, String> {
        let [left, right] = halves(events);
        left.join(&right).on(R::city, R::city)
    }
    let operators: [Operator<R>; 9] = [
        ("inner", |events| joined(events).inner(pair).named("kept")),
        ("left", |events| joined(events).left(pair_or_one).named("kept")),
        ("semi", |events| joined(events).semi().named("kept").select(out)),
        ("anti", |events| joined(events).anti().named("kept").select(out)),
        ("asof", |events| joined(events).asof(R::at, R::at).left(pair_or_one).named("kept")),
        ("within", |events| joined(events).within(R::at, R::at, -3..=3).left(pair_or_one).named("kept")),
        ("first", |events| {
            events.deduplicate(|event| event.id() / 2).last().deduplicate(R::city).first().named("kept").select(out)
        }),
        ("last", |events| events.deduplicate(R::city).last().named("kept").select(out)),
        ("update_rows", |events| {
            let [left, right] = halves(events);
            left.update_rows_by(&right, |event| event.id() / 2).named("kept").select(out)
        }),
    ];
    operators.to_vec()
}

/// Operators whose keys are whole rows.
fn by_row<R: Event>() -> Vec<Operator<R>> {
    fn less<R: Event>(events: &Table<R>) -> Table<R> {
        events.difference(&events.filter(|event| event.id() % 3 == 0))
    }
    let operators: [Operator<R>; 6] = [
        ("count_distinct", |events| {
            let output = |_: &String, n: i64| Out { id: n, other: None, note: None };
            events.group_by(R::city).reduce(CountDistinct, R::clone, output).named("kept")
        }),
        ("difference", |events| less(events).named("kept").select(out)),
        ("distinct", |events| less(events).named("kept").distinct().named("unique").select(out)),
        ("intersect", |events| events.intersect(&events.concat(events)).named("kept").select(out)),
        ("asof_now", |events| {
            let left = less(events).named("kept");
            left.join(&events.filter(|event| event.id() % 2 == 0))
                .on(R::city, R::city)
                .asof_now()
                .left(pair_or_one)
                .named("now")
        }),
        ("map_async", |events| events.map_async(async |event: &R| Ok::<_, String>(out(event))).or_skip().named("kept")),
    ];
    operators.to_vec()
}

/// Operators that keep rows by their times.
fn by_time<R: Event>() -> Vec<Operator<R>> {
    let operators: [Operator<R>; 2] = [
        ("buffer", |events| events.buffer(R::at, 4).named("kept").select(out)),
        ("forget", |events| events.forget(R::at, 4).named("kept").select(out)),
    ];
    operators.to_vec()
}

/// Operators of tables of arrivals.
fn by_arrival<R: Event>() -> Vec<Operator<R>> {
    let operators: [Operator<R>; 2] = [
        ("asof_now of arrivals", |events| {
            let right = events.filter(|event| event.id() % 2 == 1);
            events.join(&right).on(R::city, R::city).asof_now().left(pair_or_one).named("kept")
        }),
        ("late", |events| {
            let sessions = events.window(R::at, session(2).allowed_lateness(1).emit_on_close()).group_by(R::city);
            sessions.late().named("kept").select(out)
        }),
    ];
    operators.to_vec()
}

/// The rows of a group, as one row.
fn list<R: Event>(city: &str, rows: &[R]) -> Out {
    let sum = rows.iter().zip(1..).map(|(row, factor)| factor * row.id()).sum();
    let notes: Vec<_> = rows.iter().filter_map(R::note).collect();
    Out { id: city.len() as i64, other: Some(sum), note: Some(format!("{city}: {}", notes.concat())) }
}

/// Reducers of whole rows that depend on the order of arrival.
fn by_reducer<R: Event>() -> Vec<Operator<R>> {
    let operators: [Operator<R>; 5] = [
        ("earliest", |events| {
            events.group_by(R::city).reduce(Earliest::new(), R::clone, |_, event: R| out(&event)).named("kept")
        }),
        ("latest", |events| {
            events.group_by(R::city).reduce(Latest::new(), R::clone, |_, event: R| out(&event)).named("kept")
        }),
        ("tuple", |events| {
            events.group_by(R::city).reduce(Tuple, R::clone, |city, rows| list(city, &rows)).named("kept")
        }),
        ("windows", |events| {
            let windows = events.window(R::at, tumbling(3)).group_by(R::city);
            windows.reduce(Latest::new(), R::clone, |_, _, event: R| out(&event)).named("kept")
        }),
        ("where", |events| {
            let half = reduce!(e in events by e.city() => Out {
                id: count() where e.id() % 2 == 0,
                other: latest(e).id() where e.id() % 2 == 0,
                note: list("", &tuple(e)).note where e.id() % 2 == 0,
            });
            half.named("kept")
        }),
    ];
    operators.to_vec()
}

/// Reducers that sort whole rows.
fn by_value<R: Event>() -> Vec<Operator<R>> {
    let operators: [Operator<R>; 8] = [
        ("arg_max", |events| {
            let argument = |event: &R| (event.at(), event.clone());
            events.group_by(R::city).reduce(ArgMax, argument, |_, event: R| out(&event)).named("kept")
        }),
        ("several", |events| {
            let argument = |event: &R| ((event.at(), event.clone()), event.clone(), ());
            let output =
                |city: &String, (least, last, n): (R, R, i64)| Out { other: Some(n), ..list(city, &[least, last]) };
            events.group_by(R::city).reduce((ArgMin, Latest::new(), Count), argument, output).named("kept")
        }),
        ("filtered", |events| {
            let argument = |event: &R| (event.id() % 2 == 0).then(|| (event.at(), event.clone()));
            let output = |city: &String, event: Option<R>| list(city, event.as_slice());
            events.group_by(R::city).reduce(Filtered::new(ArgMax), argument, output).named("kept")
        }),
        ("sorted_tuple", |events| {
            events.group_by(R::city).reduce(SortedTuple, R::clone, |city, rows| list(city, &rows)).named("kept")
        }),
        ("top_k", |events| {
            events.group_by(R::city).reduce(TopK::new(2), R::clone, |city, rows| list(city, &rows)).named("kept")
        }),
        ("top", |events| {
            events.group_by(R::city).top(2, R::at, |event, rank| Out { other: Some(rank), ..out(event) }).named("kept")
        }),
        ("neighbours", |events| {
            events.group_by(R::city).neighbours(R::at, |event, before, _| pair_or_one(event, before)).named("kept")
        }),
        ("sessions", |events| {
            let sessions = events.window(R::at, session(1)).group_by(R::city);
            sessions.reduce(ArgMax, |event: &R| (event.at(), event.clone()), |_, _, event: R| out(&event)).named("kept")
        }),
    ];
    operators.to_vec()
}

/// The last row of a key.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[serde(bound = "R: Datum")]
struct Last<R>(#[serde(with = "Datum")] Option<R>);

/// Events of a table of arrivals that keep rows.
macro_rules! by_event {
    ($row:ident) => {
        [
            ("scan", |events| {
                let step = |last: &mut Last<$row>, event: &$row| {
                    let before = last.0.replace(event.clone());
                    before.map(|before| pair(&before, event))
                };
                events.group_by($row::city).scan(Last(None), step).named("kept")
            }),
            ("timers", |events| {
                let step = |last: &mut Last<$row>, event: &$row, timers: &mut pathway::time::Timers<'_, i64>| {
                    last.0 = Some(event.clone());
                    timers.replace(event.at() + 2);
                    None
                };
                let groups = events.timed($row::at).group_by($row::city);
                groups.scan_with_timers(Last(None), step, |_, last, _| last.0.as_ref().map(out)).named("kept")
            }),
            ("accept_each", |events| {
                let events = events.deduplicate($row::city).accept_each(|new, old| new.at() > old.at() + 1);
                events.named("kept").select(out)
            }),
            ("first_within", |events| {
                events.deduplicate($row::city).first_within($row::at, 2).named("kept").select(out)
            }),
            ("inactive_for", |events| {
                let row = |city: &String, at: i64| Out { id: at, other: None, note: Some(city.clone()) };
                let clock = events.filter(|_| false);
                events.timed($row::at).group_by($row::city).inactive_for(3, &clock, $row::at, row).named("kept")
            }),
        ] as [Operator<$row>; 5]
    };
}

fn message(random: &mut Random, number: i64, has_note: bool) -> String {
    let (id, city, at) = (random.below(20), random.below(10), number / 5 + random.below(4) as i64);
    let price = random.below(2);
    let note = if has_note && random.below(2) == 0 { r#", "note": "x""# } else { "" };
    format!(r#"{{"id": {id}, "city": "city {city}", "at": {at}, "price": {price}{note}}}"#)
}

/// What a program that always had these rows writes for the second part of the messages.
fn undisturbed<R: Event>(messages: [&[String]; 2], operator: fn(&Table<R>) -> Table<Out>) -> Vec<String> {
    let (broker, pipeline) = (Broker::new(), Pipeline::named("orders"));
    let events = nats::read(&pipeline, &broker, "orders").json::<R>();
    nats::write(&operator(&events), &broker, "out").json();
    let running = pipeline.start_with(1).unwrap();
    let mut before = 0;
    for part in messages {
        before = broker.published("out").len();
        part.iter().for_each(|message| broker.publish("orders", message.as_str()));
        broker.commit();
    }
    broker.close();
    running.join().unwrap();
    let published = broker.published("out").into_iter().skip(before);
    published.map(|message| without_time(&message.text())).collect()
}

fn check<A: Event, B: Event>(before: Vec<Operator<A>>, after: Vec<Operator<B>>) {
    let mut failures = Vec::new();
    for ((name, before), (_, after)) in before.iter().zip(&after) {
        let mut outputs = 0;
        for seed in 0..6 {
            let mut random = Random::new(seed);
            let mut messages = |numbers: std::ops::Range<i64>, has_note| -> Vec<String> {
                numbers.map(|number| message(&mut random, number, has_note)).collect()
            };
            let (first, second) = (messages(0..30, false), messages(30..50, true));
            let [workers, now] = [(); 2].map(|()| 1 + random.below(3) as usize);
            let store = Store::new();
            let write = |broker: &Broker, rows: &Table<Out>| nats::write(rows, broker, "out").name("out").json();
            run_on(workers, &store, &first, |_, broker, events: &Table<A>| write(broker, &before(events))).unwrap();
            let program = |_: &Pipeline, broker: &Broker, events: &Table<B>| write(broker, &after(events));
            let mut published = run_on(now, &store, &second, program).unwrap_or_else(|error| vec![error.to_string()]);
            let mut expected = undisturbed([&first, &second], *after);
            outputs += expected.len();
            published.sort();
            expected.sort();
            if published != expected {
                let what = format!("{name} with seed {seed}, {workers} workers, then {now}");
                failures.push(format!("{what}: {published:#?}, expected {expected:#?}"));
            }
        }
        assert!(outputs > 0, "{name} has written nothing");
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_operator_that_keeps_rows_continues_with_new_columns() {
    check::<First, More>(by_key(), by_key());
    check::<First, More>(by_row(), by_row());
    check::<First, More>(by_time(), by_time());
    check::<First, More>(by_arrival(), by_arrival());
    check::<First, More>(by_reducer(), by_reducer());
    check::<First, More>(by_event!(First).to_vec(), by_event!(More).to_vec());
    check::<FirstByKey, MoreByKey>(by_key(), by_key());
    check::<FirstByKey, MoreByKey>(by_reducer(), by_reducer());
    check::<First, Wider>(by_value(), by_value());
    check::<FirstByKey, WiderByKey>(by_value(), by_value());
    check::<FirstByKey, MoreByKey>(by_row(), by_row());
    check::<FirstByKey, MoreByKey>(by_time(), by_time());
}

#[test]
fn every_operator_that_keeps_rows_by_a_key_continues_with_fewer_columns() {
    check::<First, Fewer>(by_key(), by_key());
    check::<First, Fewer>(by_time(), by_time());
    check::<First, Fewer>(by_arrival(), by_arrival());
    check::<First, Fewer>(by_reducer(), by_reducer());
    check::<First, Fewer>(by_value(), by_value());
    check::<First, Fewer>(by_event!(First).to_vec(), by_event!(Fewer).to_vec());
    check::<FirstByKey, FewerByKey>(by_key(), by_key());
    check::<FirstByKey, FewerByKey>(by_time(), by_time());
}
