//! Random chains of operators in a pipeline that persists: crashes at any moment and restarts with other numbers of workers give
//! the same output as one undisturbed run, commit by commit. So does a replay of the recording that they leave.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pathway::io::{CommitBatch, Failure, RowSender, Sink, Source, SourceSettings};
use pathway::persistence::Persistence;
use pathway::prelude::*;
use pathway::testing::{Broker, Store};
use pathway::{ErrorKind, Running};

use super::random_chains::{CHAINS, Keep, choices_of, declare, events};
use super::{Compared, Event, Rows};
use crate::oracle::check::{Setting, label};
use crate::oracle::history::seeds;
use crate::support::random::Random;

/// Hands over events in commits of these sizes, behind those of earlier runs.
struct Events {
    events: Vec<Event>,
    commit_sizes: Vec<usize>,
}

impl Source for Events {
    type Item = Event;

    fn settings(&self) -> SourceSettings {
        SourceSettings::new().append_only().own_commits()
    }

    fn run(self, sender: &RowSender<Event>) -> Result<(), Failure> {
        let behind = sender.resume_after().and_then(|position| position.as_u64()).unwrap_or(0);
        let mut events = self.events.into_iter();
        for (number, size) in (1..).zip(self.commit_sizes) {
            let commit: Vec<_> = events.by_ref().take(size).collect();
            if number <= behind || commit.is_empty() {
                continue;
            }
            for event in commit {
                sender.insert(event)?;
                sender.set_position(number.into())?;
            }
            sender.commit()?;
        }
        Ok(())
    }
}

/// A change of a row, as text.
type TextChange = (String, i64);

/// What a sink holds, over all runs.
#[derive(Clone, Default)]
struct Output(Arc<Mutex<BTreeMap<u64, Vec<TextChange>>>>);

struct Recorder<R> {
    output: Output,
    row: fn(&R) -> String,
}

impl<R: Schema> Sink for Recorder<R> {
    type Item = R;

    fn write(&mut self, commit: CommitBatch<R>) -> Result<(), Failure> {
        let changes = commit.changes.iter().map(|change| ((self.row)(&change.row), change.diff)).collect();
        let mut output = self.output.0.lock().unwrap();
        match output.get(&commit.number) {
            // It was written before the crash, and not confirmed: it must be the same.
            Some(before) if *before != changes => {
                Err(format!("commit {}: {changes:?} in place of {before:?}", commit.number).into())
            }
            _ => {
                output.insert(commit.number, changes);
                Ok(())
            }
        }
    }
}

impl Keep for Output {
    fn rows<R: Schema + std::fmt::Debug>(&self, table: &Table<R>, compared: Compared) -> Rows {
        table.sink(Recorder { output: self.clone(), row: |row: &R| format!("{row:?}") });
        let output = self.clone();
        Box::new(move || {
            let output = output.0.lock().unwrap();
            let sequence = compared == Compared::Sequence;
            output
                .iter()
                .flat_map(|(commit, changes)| {
                    let mut lines: Vec<_> =
                        changes.iter().map(|(row, diff)| format!("{commit} {row} {diff:+}")).collect();
                    // Only the order of sequences is promised.
                    if !sequence {
                        lines.sort();
                    }
                    lines
                })
                .collect()
        })
    }
}

/// Keeps what a replay computes. Its sinks do not run.
struct Collecting;

impl Keep for Collecting {
    fn rows<R: Schema + std::fmt::Debug>(&self, table: &Table<R>, compared: Compared) -> Rows {
        let seen = table.collect();
        Box::new(move || {
            let changes = seen.changes().into_iter();
            let mut lines: Vec<_> = changes.map(|(commit, row, diff)| (commit, format!("{row:?} {diff:+}"))).collect();
            // Only the order of sequences is promised.
            if compared != Compared::Sequence {
                lines.sort();
            }
            lines.into_iter().map(|(commit, line)| format!("{commit} {line}")).collect()
        })
    }
}

/// The workers of a run, of which a restart has others.
fn workers() -> [Setting; 5] {
    let [one, two, three] = [1, 2, 3].map(Setting::Threads);
    [one, one, two, three, Setting::Encoding]
}

/// A chain over the parts of one source.
struct Case<'a> {
    chain: u64,
    events: &'a [Event],
    commit_sizes: &'a [usize],
}

impl Case<'_> {
    fn run(&self, pipeline: Pipeline, keep: &impl Keep, workers: Setting) -> (String, Rows, pathway::Result<()>) {
        let (choices, number) = choices_of(self.chain);
        let source = Events { events: self.events.to_vec(), commit_sizes: self.commit_sizes.to_vec() };
        let all = pipeline.source(source);
        let sources: Vec<_> = (0..number).map(|source| all.filter(move |event| event.id % number == source)).collect();
        let (steps, rows) = declare(&sources, choices, keep);
        let ran = pipeline.start_with(workers).and_then(Running::join).map(drop);
        (steps, rows, ran)
    }
}

#[test]
fn chains_of_random_operators_survive_crashes() {
    for seed in seeds() {
        let (case, events) = (label("random chains with crashes", seed), events(seed));
        for chain in (0..CHAINS).map(|number| seed.wrapping_mul(CHAINS) + number) {
            let mut random = Random::new(chain ^ 0xc4a5);
            let commit_sizes: Vec<_> = events.iter().map(|_| 1 + random.below(4) as usize).collect();
            let case_of_chain = Case { chain, events: &events, commit_sizes: &commit_sizes };
            let undisturbed = Output::default();
            let (steps, expected, ran) = case_of_chain.run(Pipeline::named("chain"), &undisturbed, 1.into());
            ran.unwrap_or_else(|error| panic!("{case}: {steps}: {error}"));
            let (store, recording, output) = (Store::new(), Store::new(), Output::default());
            let mut history = Vec::new();
            let rows = loop {
                let (workers, writes) = (random.pick(&workers()), 1 + random.below(60));
                let every = random.pick(&[Duration::from_nanos(1), Duration::from_millis(2), Duration::from_secs(10)]);
                let is_last = history.len() == 12;
                if !is_last {
                    store.crash_after(writes);
                }
                history.push(format!("{workers} workers, {writes} writes, checkpoints every {every:?}"));
                let state = Persistence::from(&store).checkpoint_every(every);
                let pipeline = Pipeline::named("chain").persist(state).record(&recording);
                let (_, rows, ran) = case_of_chain.run(pipeline, &output, workers);
                store.restart();
                match ran {
                    Ok(()) => break rows,
                    Err(error) if error.kind() == ErrorKind::Persistence && !is_last => {}
                    Err(error) => panic!("{case}: chain {chain}: {steps}: {error:#}\n{history:#?}"),
                }
            };
            assert_eq!(rows(), expected(), "{case}: chain {chain}: {steps} (left)\n{history:#?}");
            let [replayed, expected] =
                [Pipeline::named("chain").replay(&recording), Pipeline::named("chain")].map(|pipeline| {
                    let (_, rows, ran) = case_of_chain.run(pipeline, &Collecting, random.pick(&workers()));
                    ran.unwrap_or_else(|error| panic!("{case}: chain {chain}: {steps}: {error:#}\n{history:#?}"));
                    rows()
                });
            assert_eq!(replayed, expected, "{case}: replay of chain {chain}: {steps} (left)\n{history:#?}");
        }
    }
}

#[derive(Debug, Schema)]
struct Limit {
    #[schema(subject)]
    key: String,
    most: i64,
}

/// Puts random values into a bucket, and deletes some, in commits. Each run puts all of them; the last one does not crash.
#[test]
fn tables_of_buckets_survive_crashes() {
    for seed in seeds() {
        let case = label("tables of buckets with crashes", seed);
        let mut random = Random::new(seed ^ 0xb0c7);
        let mut expected = BTreeMap::new();
        let mut message = || {
            let (key, most) = (format!("k{}", random.below(7)), random.below(5) as i64);
            match most {
                0 => drop(expected.remove(&key)),
                most => drop(expected.insert(key.clone(), most)),
            }
            (format!("$KV.limits.{key}"), most)
        };
        let commits: Vec<[_; 3]> = (0..40).map(|_| [(); 3].map(|()| message())).collect();
        let (store, output) = (Store::new(), Output::default());
        let mut history = Vec::new();
        loop {
            let (workers, writes) = (random.pick(&workers()), 1 + random.below(80));
            let every = random.pick(&[Duration::from_nanos(1), Duration::from_millis(2), Duration::from_secs(10)]);
            let is_last = history.len() == 8;
            if !is_last {
                store.crash_after(writes);
            }
            history.push(format!("{workers} workers, {writes} writes, checkpoints every {every:?}"));
            let broker = Broker::new();
            let pipeline = Pipeline::named("limits").persist(Persistence::from(&store).checkpoint_every(every));
            let limits = nats::read(&pipeline, &broker, "limits").kv().json::<Limit>();
            let _rows = output.rows(&limits, Compared::Table);
            let ran = pipeline.start_with(workers).and_then(|running| {
                for commit in &commits {
                    for (subject, most) in commit {
                        match most {
                            0 => broker.publish_with_headers(subject, [("KV-Operation", "DEL")], ""),
                            most => broker.publish(subject, format!(r#"{{"most": {most}}}"#)),
                        }
                    }
                    broker.commit();
                }
                broker.close();
                running.join()
            });
            store.restart();
            match ran {
                Ok(_) if is_last => break,
                Err(error) if error.kind() != ErrorKind::Persistence || is_last => {
                    panic!("{case}: {error:#}\n{history:#?}")
                }
                Ok(_) | Err(_) => {}
            }
        }
        let mut standing = BTreeMap::new();
        for (row, diff) in output.0.lock().unwrap().values().flatten() {
            *standing.entry(row.clone()).or_default() += diff;
        }
        standing.retain(|_, count| *count != 0);
        let row = |(key, most): (&String, &i64)| (format!("{:?}", Limit { key: key.clone(), most: *most }), 1);
        assert_eq!(standing, expected.iter().map(row).collect(), "{case}\n{history:#?}");
    }
}
