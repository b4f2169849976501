//! Custom sinks: [`pathway::io::Sink`].

use std::sync::mpsc;

use pathway::io::{CommitBatch, Failure, Sink};
use pathway::prelude::*;
use pathway::{ErrorKind, Running};

use super::{Number, number};
use crate::support::assert_error;

/// A sink that reports each call, and fails in one of them if wanted.
struct Reporter {
    tell: mpsc::Sender<Call>,
    fails_at: Option<&'static str>,
}

#[derive(Debug, PartialEq)]
enum Call {
    Open,
    Commit(u64, Vec<(i64, i64)>),
    Close,
}

impl Reporter {
    fn tell(&self, what: &str, told: Call) -> Result<(), Failure> {
        if self.fails_at == Some(what) {
            return Err(format!("cannot {what}").into());
        }
        Ok(self.tell.send(told)?)
    }
}

impl Sink for Reporter {
    type Item = Number;

    fn name(&self) -> String {
        "reporter".to_owned()
    }

    fn open(&mut self) -> Result<(), Failure> {
        self.tell("open", Call::Open)
    }

    fn write(&mut self, commit: CommitBatch<Number>) -> Result<(), Failure> {
        let changes = commit.changes.iter().map(|change| (change.row.value, change.diff)).collect();
        self.tell("write", Call::Commit(commit.number, changes))
    }

    fn close(&mut self) -> Result<(), Failure> {
        self.tell("close", Call::Close)
    }
}

fn numbers(pipeline: &Pipeline) -> Table<Number> {
    pipeline.commits([
        vec![Change::insert(number(2)), Change::insert(number(1))],
        vec![Change::insert(number(4)), Change::remove(number(4))],
        vec![Change::insert(number(3)), Change::remove(number(2))],
    ])
}

#[test]
fn a_sink_receives_each_commit_whole() {
    for workers in [1, 2] {
        let (tell, told) = mpsc::channel();
        let pipeline = Pipeline::new();
        numbers(&pipeline).sink(Reporter { tell, fails_at: None });
        let running = pipeline.start_with(workers).unwrap();
        assert_eq!(told.recv(), Ok(Call::Open));
        running.join().unwrap();
        let expected = [Call::Commit(0, vec![(2, 1), (1, 1)]), Call::Commit(2, vec![(2, -1), (3, 1)]), Call::Close];
        assert_eq!(told.iter().collect::<Vec<_>>(), expected);
    }
}

#[test]
fn a_failure_is_the_pipelines_error() {
    for (fails_at, expected) in [
        ("open", "sink `reporter` could not be opened: cannot open"),
        ("write", "sink `reporter` failed: cannot write"),
        ("close", "sink `reporter` failed when it was closed: cannot close"),
    ] {
        let (tell, told) = mpsc::channel();
        let pipeline = Pipeline::new();
        numbers(&pipeline).sink(Reporter { tell, fails_at: Some(fails_at) });
        let error = pipeline.run().unwrap_err();
        assert_eq!((error.kind(), format!("{error:#}").as_str()), (ErrorKind::Custom, expected));
        assert!(told.iter().all(|told| told != Call::Close));
    }
}

/// Each commit is larger than the limit of unwritten rows, so the next commit waits until it is written.
#[test]
fn a_slow_sink_makes_the_pipeline_wait_and_loses_nothing() {
    struct Slow(mpsc::Receiver<()>, mpsc::Sender<(u64, usize)>);
    impl Sink for Slow {
        type Item = Number;

        fn write(&mut self, commit: CommitBatch<Number>) -> Result<(), Failure> {
            self.0.recv()?;
            Ok(self.1.send((commit.number, commit.changes.len()))?)
        }
    }
    const LARGE: usize = 300_000;
    let pipeline = Pipeline::new();
    let (go, wait) = mpsc::channel();
    let (tell, told) = mpsc::channel();
    let (feed, numbers) = pipeline.input::<Number>();
    numbers.sink(Slow(wait, tell));
    let running = pipeline.start().unwrap();
    // The first commit completes when the dataflow has processed it. Only the second one waits for the sink.
    (0..LARGE).for_each(|value| feed.insert(number(value as i64)));
    feed.commit();
    let last = std::thread::spawn(move || {
        feed.insert(number(-1));
        feed.commit();
    });
    assert_eq!(running.stats().sinks[0].published, 0);
    assert_eq!(running.stats().commits, 1, "the second commit waits for the sink");
    go.send(()).unwrap();
    assert_eq!(told.recv(), Ok((0, LARGE)));
    go.send(()).unwrap();
    last.join().unwrap();
    running.join().unwrap();
    assert_eq!(told.iter().collect::<Vec<_>>(), [(1, 1)]);
}

#[test]
fn a_panic_is_the_pipelines_error() {
    struct Bomb;
    impl Sink for Bomb {
        type Item = Number;

        fn write(&mut self, _: CommitBatch<Number>) -> Result<(), Failure> {
            panic!("tick")
        }
    }
    let pipeline = Pipeline::new();
    numbers(&pipeline).sink(Bomb);
    let error = pipeline.start().and_then(Running::join).unwrap_err();
    assert_error(&error, ErrorKind::Panic, &["sink `sink` panicked"]);
}
