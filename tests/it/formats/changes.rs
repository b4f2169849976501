//! Change streams that are read from their middle, or twice.

use pathway::prelude::*;

use super::support::rows;

#[derive(Schema, Debug, PartialEq)]
struct Total {
    city: String,
    total: i64,
}

#[derive(Schema, Debug, PartialEq)]
struct KeyedTotal {
    #[schema(primary_key)]
    city: String,
    total: i64,
}

/// Two updates of Oslo and one of Rome; Lima is removed.
const STREAM: [&str; 8] = [
    r#"{"city":"Oslo","total":1,"diff":1}"#,
    r#"{"city":"Lima","total":5,"diff":1}"#,
    r#"{"city":"Oslo","total":1,"diff":-1}"#,
    r#"{"city":"Oslo","total":2,"diff":1}"#,
    r#"{"city":"Rome","total":7,"diff":1}"#,
    r#"{"city":"Oslo","total":2,"diff":-1}"#,
    r#"{"city":"Oslo","total":3,"diff":1}"#,
    r#"{"city":"Lima","total":5,"diff":-1}"#,
];

/// A removal of a row that the reader has not seen is rejected, and makes no count negative.
#[test]
fn a_reader_that_starts_in_the_middle_counts_nothing_below_zero() {
    for first in 0..STREAM.len() {
        let (seen, stats) = rows(
            |p, b| {
                let totals = nats::read(p, b, "in").changes::<Total>();
                reduce!(t in totals by t.city => { t.city, rows: count(), total: sum(t.total) })
            },
            |broker| STREAM[first..].iter().for_each(|change| broker.publish("in", change)),
        );
        let seen: Vec<_> = seen.iter().map(|row| (row.city.as_str(), row.rows, row.total)).collect();
        let expected: &[_] = match first {
            0..=4 => &[("Oslo", 1, 3), ("Rome", 1, 7)],
            5..=6 => &[("Oslo", 1, 3)],
            _ => &[],
        };
        assert_eq!(seen, expected, "from {first}");
        let rejected = [0, 1, 2, 1, 2, 2, 1, 1][first];
        assert_eq!(stats.sources[0].rejected, rejected, "from {first}");
    }
}

#[test]
fn a_removal_that_arrives_twice_counts_once() {
    let (seen, stats) = rows(
        |p, b| nats::read(p, b, "in").changes::<Total>(),
        |broker| {
            for change in [STREAM[0], STREAM[0], STREAM[2], STREAM[2], STREAM[2]] {
                broker.publish("in", change);
            }
        },
    );
    assert_eq!((seen.len(), stats.sources[0].rejected), (0, 1));
}

/// With a primary key, the reader has the newest row of each key, wherever it starts and whatever arrives twice.
#[test]
fn a_primary_key_heals_a_change_stream() {
    for first in 0..STREAM.len() {
        for times in [1, 2] {
            let (seen, stats) = rows(
                |p, b| nats::read(p, b, "in").changes::<KeyedTotal>(),
                |broker| {
                    for change in &STREAM[first..] {
                        (0..times).for_each(|_| broker.publish("in", change));
                    }
                },
            );
            let all = [KeyedTotal { city: "Oslo".into(), total: 3 }, KeyedTotal { city: "Rome".into(), total: 7 }];
            let expected: &[_] = match first {
                0..=4 => &all,
                5..=6 => &all[..1],
                _ => &[],
            };
            assert_eq!(seen, expected, "from {first}, {times} times");
            assert_eq!(stats.sources[0].rejected, 0);
        }
    }
}

/// A removal that arrives late, behind the row that has replaced its row, removes nothing.
#[test]
fn a_late_removal_leaves_the_newer_row() {
    let (seen, _) = rows(
        |p, b| nats::read(p, b, "in").changes::<KeyedTotal>(),
        |broker| [STREAM[0], STREAM[3], STREAM[2]].iter().for_each(|change| broker.publish("in", change)),
    );
    assert_eq!(seen, [KeyedTotal { city: "Oslo".into(), total: 2 }]);
}
