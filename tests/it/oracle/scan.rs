//! `scan` by its definition: one loop over the arrivals, which looks at all timers and states before each row.

use std::collections::BTreeMap;

use pathway::prelude::*;
use pathway::time::Timers;

use super::check::{all_workers, label};
use super::history::seeds;
use crate::support::random::Random;

#[derive(Clone, Schema)]
struct Event {
    id: i64,
    key: i64,
    at: i64,
    what: i64,
}

#[derive(Clone, Debug, PartialEq, Schema)]
struct Output {
    key: i64,
    by: String,
    at: i64,
    count: i64,
}

const EXPIRE_AFTER: i64 = 15;

fn events(seed: u64) -> Vec<Event> {
    let mut random = Random::new(seed);
    let mut now = 0;
    let event = |id| {
        now += random.pick(&[0, 0, 1, 1, 3, 9, 25]);
        let at = now + random.pick(&[0, 0, 0, -1, -7, -30, 40]);
        Event { id, key: random.below(4) as i64, at, what: random.below(6) as i64 }
    };
    (0..150).map(event).collect()
}

/// What a row does: the outputs, and to the timers by `set`, `clear` and `replace`.
trait Alarms {
    fn now(&self) -> i64;
    fn set(&mut self, at: i64);
    fn clear(&mut self);
    fn replace(&mut self, at: i64);
}

impl Alarms for Timers<'_, i64> {
    fn now(&self) -> i64 {
        Timers::now(self)
    }

    fn set(&mut self, at: i64) {
        Timers::set(self, at);
    }

    fn clear(&mut self) {
        Timers::clear(self);
    }

    fn replace(&mut self, at: i64) {
        Timers::replace(self, at);
    }
}

fn on_row(count: &mut i64, event: &Event, alarms: &mut impl Alarms) -> Vec<Output> {
    *count += 1;
    let now = alarms.now();
    match event.what {
        0 => alarms.set(event.at + 10),
        1 => alarms.replace(now + 5),
        2 => alarms.clear(),
        3 => [4, 4, 30].into_iter().for_each(|after| alarms.set(now + after)),
        _ => {}
    }
    let output = |by: &str| Output { key: event.key, by: format!("{by} {}", event.id), at: now, count: *count };
    match event.what % 3 {
        0 => vec![],
        1 => vec![output("row")],
        _ => vec![output("second"), output("first")],
    }
}

fn on_timer(key: i64, count: &mut i64, alarms: &mut impl Alarms) -> Option<Output> {
    *count += 100;
    let now = alarms.now();
    if *count % 3 == 0 {
        alarms.set(now + 2);
    }
    (*count % 2 == 0).then(|| Output { key, by: "timer".to_owned(), at: now, count: *count })
}

/// The state of a key in the model.
#[derive(Default)]
struct Model {
    count: i64,
    created: usize,
    timers: Vec<i64>,
    last_now: i64,
}

struct ModelAlarms<'a> {
    now: i64,
    timers: &'a mut Vec<i64>,
}

impl Alarms for ModelAlarms<'_> {
    fn now(&self) -> i64 {
        self.now
    }

    fn set(&mut self, at: i64) {
        self.timers.push(at.max(self.now));
        self.timers.sort_unstable();
        self.timers.dedup();
    }

    fn clear(&mut self) {
        self.timers.clear();
    }

    fn replace(&mut self, at: i64) {
        self.clear();
        self.set(at);
    }
}

fn expected(events: &[Event]) -> Vec<Output> {
    let (mut keys, mut outputs, mut now) = (BTreeMap::<i64, Model>::new(), Vec::new(), i64::MIN);
    for (number, event) in events.iter().enumerate() {
        now = now.max(event.at);
        // The earliest timer before event time; of those for the same time, that of the oldest state.
        let next = |keys: &BTreeMap<i64, Model>| {
            let timers = keys.iter().filter_map(|(key, model)| Some((*model.timers.first()?, model.created, *key)));
            timers.filter(|(at, ..)| *at < now).min()
        };
        // A state expires between two timers.
        let expire = |keys: &mut BTreeMap<i64, Model>, now: i64| {
            keys.retain(|_, model| !model.timers.is_empty() || model.last_now + EXPIRE_AFTER >= now);
        };
        while let Some((at, _, key)) = next(&keys) {
            expire(&mut keys, at);
            let Model { count, timers, .. } = keys.get_mut(&key).expect("a key with a timer");
            timers.remove(0);
            outputs.extend(on_timer(key, count, &mut ModelAlarms { now: at, timers }));
        }
        expire(&mut keys, now);
        let model = keys.entry(event.key).or_insert_with(|| Model { created: number, ..Model::default() });
        model.last_now = now;
        outputs.extend(on_row(&mut model.count, event, &mut ModelAlarms { now, timers: &mut model.timers }));
    }
    outputs
}

#[test]
fn rows_timers_and_expiry_follow_the_definition() {
    for seed in seeds() {
        let (label, events) = (label("scan", seed), events(seed));
        let expected = expected(&events);
        assert!(expected.iter().any(|row| row.by == "timer"), "{label}: no timer has emitted anything");
        let mut random = Random::new(seed ^ 0xc07);
        for longest in [1, 10, 1_000] {
            let mut rest = events.as_slice();
            let mut commits = Vec::new();
            while !rest.is_empty() {
                let (commit, after) = rest.split_at((1 + random.below(longest) as usize).min(rest.len()));
                commits.push(commit.iter().cloned().map(Change::insert).collect::<Vec<_>>());
                rest = after;
            }
            for workers in all_workers() {
                let pipeline = Pipeline::new();
                let groups = pipeline.commits(commits.clone()).timed(|event| event.at).group_by(|event| event.key);
                let outputs = groups.expire_after(EXPIRE_AFTER).scan_with_timers(
                    0,
                    |count, event, timers| on_row(count, event, timers),
                    |key, count, timers| on_timer(*key, count, timers),
                );
                let seen = outputs.collect();
                let ended = pipeline.start_with(workers).and_then(pathway::Running::join);
                ended.unwrap_or_else(|error| panic!("{label}: {error}"));
                let seen: Vec<Output> = seen.changes().into_iter().map(|(_, row, _)| row).collect();
                assert_eq!(seen, expected, "{label}: commits of up to {longest}, {workers} workers (left)");
            }
        }
    }
}
