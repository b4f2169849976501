//! `reduce!` over windows of event time.

use pathway::jiff::tz::TimeZone;
use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    city: String,
    placed_at: DateTimeUtc,
    local: DateTimeNaive,
    second: i32,
    price: i64,
}

fn at(time: &str) -> DateTimeUtc {
    format!("2026-03-29T{time}Z").parse().unwrap()
}

/// Reduces a few orders, each of which is one commit.
fn changes<R: Schema>(
    shape: impl Fn(&Table<Order>) -> Table<R>,
    view: impl Fn(&R) -> (DateTimeUtc, i64),
) -> Vec<(u64, String, i64, i64)> {
    let pipeline = Pipeline::new();
    let order = |city: &str, time: &str, price| {
        let second = at(time).duration_since(at("00:00:00")).as_secs() as i32;
        let local = format!("2026-03-29T{time}").parse().unwrap();
        vec![Change::insert(Order { city: city.into(), placed_at: at(time), local, second, price })]
    };
    let orders = pipeline.commits([
        order("Oslo", "00:59:59.999999999", 1),
        order("Rome", "01:00:00", 2),
        order("Oslo", "01:30:00", 4),
        order("Oslo", "00:00:00", 8),
        order("Oslo", "02:10:00", 16),
        order("Oslo", "00:30:00", 32),
    ]);
    let seen = shape(&orders).collect();
    pipeline.run().unwrap();
    let changes = seen.changes().into_iter().map(|(commit, row, diff)| {
        let (start, n) = view(&row);
        let start = start.duration_since(at("00:00:00")).as_secs() / 60;
        (commit, format!("{start}"), n, diff)
    });
    changes.collect()
}

fn change(commit: u64, minute: i64, n: i64, diff: i64) -> (u64, String, i64, i64) {
    (commit, minute.to_string(), n, diff)
}

#[derive(Schema)]
struct Count {
    start: DateTimeUtc,
    n: i64,
}

#[test]
fn tumbling_windows_that_stay() {
    let seen = changes(
        |orders| {
            let oslo = filter!(o in orders => o.city == "Oslo");
            reduce!(o in oslo window tumbling(o.placed_at, 1.hours()) as w => { w.start, end: w.end, total: sum(o.price) })
        },
        |row| {
            assert_eq!(row.end.duration_since(row.start), SignedDuration::from_hours(1));
            (row.start, row.total)
        },
    );
    let expected = [
        change(0, 0, 1, 1),
        change(2, 60, 4, 1),
        change(3, 0, 1, -1),
        change(3, 0, 9, 1),
        change(4, 120, 16, 1),
        change(5, 0, 9, -1),
        change(5, 0, 41, 1),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn windows_that_show_once_closed_by_a_key_of_their_own() {
    let late = 40;
    let seen = changes(
        |orders| {
            reduce!(o in orders by o.city.len() as i64, o.city
                window tumbling(o.placed_at, Duration::from_secs(3600)).allowed_lateness(late.minutes()).emit_on_close() as hour => {
                    start: hour.start,
                    n: count() + if o.city == "Rome" { 100 } else { 0 },
            })
        },
        |row| (row.start, row.n),
    );
    assert_eq!(seen, [change(4, 0, 2, 1)]);
}

#[test]
fn windows_by_the_time_of_each_part() {
    #[derive(Schema)]
    struct Reading {
        device: String,
        at: i64,
    }

    let starts = |by_device: bool| {
        let pipeline = Pipeline::new();
        let rows = [("a", 5), ("b", 95), ("a", 12)].map(|(device, at)| Reading { device: device.to_owned(), at });
        let rows = pipeline.rows(rows);
        let windows = match by_device {
            true => {
                reduce!(r in rows window tumbling(r.at, 10).time_by(r.device).emit_on_close() as w => Start { at: w.start })
            }
            false => {
                reduce!(r in rows window tumbling(r.at, 10).emit_on_close().time_by(()) as w => Start { at: w.start })
            }
        };
        let seen = windows.collect();
        pipeline.run().unwrap();
        seen.rows().iter().map(|start| start.at).collect::<Vec<_>>()
    };
    assert_eq!(starts(true), [0]);
    assert_eq!(starts(false), [0]);
}

#[derive(Schema)]
struct Start {
    at: i64,
}

#[test]
fn sliding_windows_without_a_name() {
    let seen = changes(
        |orders| {
            let rome = filter!(o in orders => o.city == "Rome");
            let named = reduce!(o in rome window sliding(o.placed_at, 20.minutes(), 600.seconds()) as w => Count {
                start: w.start,
                n: count(),
            });
            let nameless = reduce!(o in rome window sliding(o.placed_at, 20.minutes(), 600.seconds()) => Count {
                start: at("00:00:00"),
                n: count(),
            });
            named.concat(&nameless)
        },
        |row| (row.start, row.n),
    );
    assert_eq!(seen, [change(1, 0, 1, 2), change(1, 50, 1, 1), change(1, 60, 1, 1)]);
}

#[test]
fn times_of_other_types() {
    let seen = changes(
        |orders| {
            let naive = reduce!(o in orders window tumbling(o.local, 3.hours()) as w => Count {
                start: TimeZone::UTC.to_timestamp(w.start).unwrap(),
                n: count(),
            });
            let origin = 60;
            let seconds = reduce!(o in orders window tumbling(i64::from(o.second), 86_400).origin(origin) as w => Count {
                start: at("00:00:00") + SignedDuration::from_secs(w.start),
                n: count(),
            });
            naive.concat(&seconds)
        },
        |row| (row.start, row.n),
    );
    let last: Vec<_> = seen.iter().filter(|(commit, ..)| *commit == 5).collect();
    assert_eq!(last, [&change(5, 0, 5, -1), &change(5, 1, 4, -1), &change(5, 0, 6, 1), &change(5, 1, 5, 1)]);
}

#[test]
fn an_invalid_window_is_an_error() {
    for (length, complaint) in [
        (1.months(), "has no fixed length"),
        (0.seconds(), "must be greater than zero"),
        ((-1).hours(), "must be greater than zero"),
    ] {
        let pipeline = Pipeline::new();
        let orders = pipeline.rows::<Order>([]);
        let windows = reduce!(o in orders window tumbling(o.placed_at, length) => { n: count() });
        let seen = windows.collect();
        let error = pipeline.run().unwrap_err().to_string();
        assert!(error.contains(complaint), "{error}");
        assert!(seen.rows().is_empty());
    }
}
