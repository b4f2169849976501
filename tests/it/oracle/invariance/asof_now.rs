//! `asof_now` finds what has arrived before.

use pathway::Running;
use pathway::io::{Failure, RowSender, Source, SourceSettings};
use pathway::prelude::*;

use super::{Arrival, Event, Plain, arrivals};
use crate::oracle::check::{all_workers, label};
use crate::oracle::history::seeds;
use crate::support::random::Random;

/// Hands over events in commits of these sizes.
pub(super) struct InCommits {
    pub(super) events: Vec<Event>,
    pub(super) commit_sizes: Vec<usize>,
}

impl Source for InCommits {
    type Item = Event;

    fn settings(&self) -> SourceSettings {
        SourceSettings::new().append_only().own_commits()
    }

    fn run(self, sender: &RowSender<Event>) -> Result<(), Failure> {
        let mut events = self.events.into_iter();
        for size in self.commit_sizes {
            events.by_ref().take(size).try_for_each(|event| sender.insert(event))?;
            sender.commit()?;
        }
        Ok(())
    }
}

/// One source has both sides: every third event is a rate.
#[test]
fn asof_now_finds_what_has_arrived_before() {
    let is_rate = |event: &Event| event.id % 3 == 0;
    for seed in seeds() {
        let (case, arrivals) = (label("asof_now", seed), arrivals(seed));
        let events = || {
            arrivals.iter().filter_map(|arrival| match arrival {
                Arrival::Event(event) => Some(event.clone()),
                Arrival::Tick(_) => None,
            })
        };
        let expected: Vec<_> = events()
            .filter(|event| !is_rate(event))
            .map(|order| {
                let rates = events().filter(|rate| is_rate(rate) && rate.id < order.id && rate.city == order.city);
                (order.id, rates.map(|rate| rate.id).collect::<Vec<_>>())
            })
            .collect();
        let mut random = Random::new(seed ^ 0xc07);
        for (longest, workers) in [1, 7, 1_000].into_iter().flat_map(|longest| all_workers().map(|n| (longest, n))) {
            let pipeline = Pipeline::new();
            let commit_sizes = std::iter::repeat_with(|| 1 + random.below(longest) as usize).take(arrivals.len());
            let table = pipeline.source(InCommits { events: events().collect(), commit_sizes: commit_sizes.collect() });
            let orders = table.filter(move |event| !is_rate(event));
            let rates = table.filter(is_rate);
            let joined = orders.join(&rates).on(|order| order.city.clone(), |rate| rate.city.clone()).asof_now();
            let seen = joined.left(|order, rate| Plain { id: order.id, at: rate.map_or(-1, |rate| rate.id) }).collect();
            pipeline.start_with(workers).and_then(Running::join).unwrap_or_else(|error| panic!("{case}: {error}"));
            let mut found: Vec<(i64, Vec<i64>)> = Vec::new();
            for (_, row, _) in seen.changes() {
                match found.last_mut().filter(|(id, _)| *id == row.id) {
                    Some((_, rates)) => rates.push(row.at),
                    None => found.push((row.id, if row.at < 0 { vec![] } else { vec![row.at] })),
                }
            }
            found.iter_mut().for_each(|(_, rates)| rates.sort_unstable());
            assert_eq!(found, expected, "{case}: commits of up to {longest}, {workers} workers (left)");
        }
    }
}
