//! Events: `scan`, `deduplicate` and inactive keys.

use pathway::windows::{session, tumbling};

use super::{Compared, Event, Plain, Quiet, check, plain, rows, summaries};

#[test]
fn events_do_not_depend_on_commits() {
    check("scan", |events, _| {
        let numbered = events.group_by(|event| event.city.clone()).scan(0, |number, event| {
            *number += 1;
            Some(Plain { id: event.id, at: *number })
        });
        rows(numbered.collect(), Compared::Sequence)
    });
    check("scan with timers, by a clock", |events, clock| {
        let timed = events.timed(|event| event.at).idle_timeout(5, clock, |now| now.at);
        let silent = timed.group_by(|event| event.city.clone()).expire_after(30).scan_with_timers(
            0,
            |last, event, timers| {
                *last = event.id;
                timers.replace(timers.now() + 4);
                [Plain { id: event.id, at: timers.now() }]
            },
            |_, last, timers| [Plain { id: -*last, at: timers.now() }],
        );
        rows(silent.collect(), Compared::Sequence)
    });
    check("inactive keys", |events, clock| {
        let groups = events.timed(|event| event.at).group_by(|event| event.city.clone());
        let inactive = groups.inactive_for(6, clock, |now| now.at, |city, since| Quiet { city: city.clone(), since });
        rows(inactive.collect(), Compared::Table)
    });
    check("scan of closed windows", |events, _| {
        let closed = summaries(events, tumbling(10).emit_on_close());
        let grown = closed.group_by(|row| row.city.clone()).scan(0, |before, row| {
            let grown = row.n - std::mem::replace(before, row.n);
            (grown > 0).then_some(Plain { id: grown, at: row.start })
        });
        rows(grown.collect(), Compared::Sequence)
    });
    check("the first of each city, windows", |events, _| {
        let first = events.deduplicate(|event| (event.city.clone(), event.at / 7)).first();
        rows(summaries(&first, tumbling(10).emit_on_close()).collect(), Compared::Sequence)
    });
    check("distinct, windows", |events, _| {
        let distinct = events.select(|event| Event { id: event.id % 5, ..event.clone() }).distinct();
        rows(summaries(&distinct, session(4).emit_on_close()).collect(), Compared::Sequence)
    });
    check("accept each", |events, _| {
        let accepted = events.deduplicate(|event| event.city.clone()).accept_each(|new, last| new.at > last.at + 5);
        rows(plain(&accepted).collect(), Compared::Sequence)
    });
    check("the first within 20, sessions", |events, _| {
        let rare = events.deduplicate(|event| event.city.clone()).first_within(|event| event.at, 20);
        rows(summaries(&rare, session(40).emit_on_close()).collect(), Compared::Sequence)
    });
}
