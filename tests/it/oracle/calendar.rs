//! Windows by the calendar of a time zone, compared with counting by local date.

use std::collections::BTreeMap;

use pathway::Running;
use pathway::jiff::tz::TimeZone;
use pathway::prelude::*;
use pathway::windows::{days, months};

use super::check::all_workers;
use super::history::seeds;
use crate::support::random::Random;

#[derive(Clone, Schema)]
struct Click {
    user: i64,
    at: DateTimeUtc,
}

#[derive(Debug, PartialEq, Schema)]
struct Clicks {
    user: i64,
    start: DateTimeUtc,
    end: DateTimeUtc,
    clicks: i64,
}

/// Half of the clicks are within a few hours of a change of the clocks.
fn click(random: &mut Random) -> Click {
    const CHANGES: [&str; 2] = ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"];
    let change: DateTimeUtc = CHANGES[random.below(2) as usize].parse().expect("a time");
    let hours = if random.below(2) == 0 { 30 } else { 24 * 60 };
    let offset = (random.below(2 * hours * 3600) as i64) - hours as i64 * 3600;
    Click { user: random.below(3) as i64, at: change + SignedDuration::from_secs(offset) }
}

#[test]
fn local_days_and_months_are_those_of_the_calendar() {
    let zone = TimeZone::get("Europe/Oslo").expect("a zone");
    for seed in seeds() {
        let mut random = Random::new(seed);
        let clicks: Vec<_> = (0..300).map(|_| click(&mut random)).collect();
        for by_month in [false, true] {
            let mut expected = BTreeMap::<_, i64>::new();
            for click in &clicks {
                let date = zone.to_datetime(click.at).date();
                let first = if by_month { date.first_of_month() } else { date };
                let next = if by_month { date.last_of_month() } else { date }.tomorrow().expect("a date");
                let [start, end] =
                    [first, next].map(|date| date.to_zoned_datetime(zone.clone()).expect("a day").timestamp());
                *expected.entry((click.user, start, end)).or_default() += 1;
            }
            for workers in all_workers() {
                let pipeline = Pipeline::new();
                let commits = clicks.chunks(17).map(|chunk| chunk.iter().cloned().map(Change::insert).collect());
                let table = pipeline.commits(commits.collect::<Vec<_>>());
                let length = if by_month { months(1) } else { days(1) }.in_zone("Europe/Oslo");
                let counts = reduce!(c in table by c.user window tumbling(c.at, length) as w => Clicks {
                    c.user, start: w.start, end: w.end, clicks: count(),
                });
                let seen = counts.collect();
                pipeline.start_with(workers).and_then(Running::join).expect("a run");
                let rows = seen.rows().into_iter().map(|row| ((row.user, row.start, row.end), row.clicks));
                assert_eq!(rows.collect::<BTreeMap<_, _>>(), expected, "PATHWAY_TEST_SEED={seed}, {workers} workers");
            }
        }
    }
}

/// The day of 25 hours closes after its 25th hour.
#[test]
fn a_day_of_25_hours_closes_at_local_midnight() {
    let pipeline = Pipeline::new();
    let at = ["2026-10-24T23:00:00Z", "2026-10-25T22:59:59Z", "2026-10-25T22:00:00Z", "2026-10-25T23:00:00Z"];
    let commits = at.map(|at| vec![Change::insert(Click { user: 1, at: at.parse().expect("a time") })]);
    let table = pipeline.commits(commits);
    let seen = reduce!(c in table by c.user window tumbling(c.at, days(1).in_zone("Europe/Oslo")).emit_on_close() as w => Clicks {
        c.user, start: w.start, end: w.end, clicks: count(),
    })
    .collect();
    pipeline.run().expect("a run");
    let closed: Vec<_> = seen.changes().iter().map(|(commit, row, diff)| (*commit, row.clicks, *diff)).collect();
    assert_eq!(closed, [(3, 3, 1)]);
}

#[test]
fn an_unknown_zone_is_an_error_at_start() {
    let pipeline = Pipeline::new();
    let table = pipeline.rows([Click { user: 1, at: DateTimeUtc::UNIX_EPOCH }]);
    let _ = reduce!(c in table window tumbling(c.at, days(1).in_zone("Mars/Olympus")) => { clicks: count() }).collect();
    let error = pipeline.run().expect_err("there is no such zone");
    crate::support::assert_error(&error, pathway::ErrorKind::Config, &["there is no time zone `Mars/Olympus`"]);
}
