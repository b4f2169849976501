//! Sources that say when they have handed over their last row, and wait until everything is confirmed.

use std::sync::mpsc;

use pathway::io::{
    CommitBatch, Failure, MessageBatch, MessageSender, RowSender, Sink, Source, SourceSettings, Undecoded,
};
use pathway::prelude::*;
use pathway::{ErrorKind, Running};

use super::{By, Number, number};
use crate::support::{assert_error, join, stop, wait_for};

/// A sink that writes a commit for each permission, and tells of its end.
struct Permitted {
    permission: mpsc::Receiver<()>,
    closed: mpsc::Sender<&'static str>,
}

impl Sink for Permitted {
    type Item = Number;

    fn write(&mut self, _: CommitBatch<Number>) -> Result<(), Failure> {
        Ok(self.permission.recv()?)
    }

    fn close(&mut self) -> Result<(), Failure> {
        Ok(self.closed.send("closed")?)
    }
}

/// A pipeline whose source hands over three rows, finishes, and waits with `wait`; and what a sink needs and tells.
fn finite(wait: fn(&RowSender<Number>) -> bool) -> (Running, mpsc::Sender<()>, mpsc::Receiver<&'static str>) {
    let (permit, permission) = mpsc::channel();
    let (tell, told) = mpsc::channel();
    let closed = tell.clone();
    let pipeline = Pipeline::new();
    let source = By(SourceSettings::new(), move |rows: &RowSender<Number>| {
        rows.acks().request();
        (0..3).try_for_each(|value| rows.insert(number(value)))?;
        rows.finish();
        rows.finish();
        tell.send("finished")?;
        let all = wait(rows);
        assert_eq!((all, rows.acks().take().messages, rows.acks().take().over), (true, 3, true));
        Ok(tell.send("confirmed")?)
    });
    pipeline.source(source).sink(Permitted { permission, closed });
    (pipeline.start().unwrap(), permit, told)
}

/// Nobody joins the pipeline meanwhile.
#[test]
fn a_finite_source_learns_that_everything_is_confirmed() {
    fn block_on(rows: &RowSender<Number>) -> bool {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(rows.acks().ended())
    }
    let blocking: fn(&RowSender<Number>) -> bool = |rows| rows.acks().wait_ended();
    for wait in [blocking, block_on] {
        let (running, permit, told) = finite(wait);
        assert_eq!(told.recv(), Ok("finished"));
        wait_for("all rows", || running.stats().sources[0].rows == 3);
        assert!(told.try_recv().is_err(), "nothing is confirmed");
        // The rows may be in up to three commits.
        (0..3).for_each(|_| permit.send(()).unwrap_or_default());
        let mut rest: Vec<_> = told.iter().collect();
        rest.sort_unstable();
        assert_eq!(rest, ["closed", "confirmed"]);
        wait_for("the end", || running.is_finished());
        running.join().unwrap();
    }
}

/// The other source keeps the pipeline running.
#[test]
fn a_source_that_finishes_early_learns_it_while_the_pipeline_runs() {
    let (tell, told) = mpsc::channel();
    let pipeline = Pipeline::new();
    let finite = By(SourceSettings::new(), move |rows: &RowSender<Number>| {
        rows.acks().request();
        rows.insert(number(1))?;
        rows.finish();
        Ok(tell.send(rows.acks().wait_ended())?)
    });
    let (feed, others) = pipeline.input::<Number>();
    let seen = pipeline.source(finite).concat(&others).collect();
    let running = pipeline.start().unwrap();
    assert_eq!(told.recv(), Ok(true));
    assert!(!running.is_finished());
    feed.insert(number(2));
    feed.commit();
    assert_eq!(seen.rows(), [1, 2].map(number));
    stop(running);
}

#[test]
fn an_open_commit_is_sealed_when_the_source_finishes() {
    let pipeline = Pipeline::new();
    let source = By(SourceSettings::new().own_commits(), |rows: &RowSender<Number>| {
        rows.insert(number(1))?;
        rows.finish();
        rows.commit()?;
        assert!(rows.acks().wait_ended());
        Ok(())
    });
    let seen = pipeline.source(source).collect();
    pipeline.run().unwrap();
    assert_eq!(seen.rows(), [number(1)]);
}

#[test]
fn rows_after_the_end_are_an_error() {
    let pipeline = Pipeline::new();
    let (_feed, others) = pipeline.input::<Number>();
    let source = By(SourceSettings::new().name("late"), |rows: &RowSender<Number>| {
        rows.insert(number(1))?;
        rows.finish();
        Ok(rows.insert(number(2))?)
    });
    let seen = pipeline.source(source).concat(&others).collect();
    let error = join(pipeline.start().unwrap()).unwrap_err();
    assert_error(&error, ErrorKind::Custom, &["source `late`", "after its end", "`Sender::finish`"]);
    assert_eq!(seen.rows(), [number(1)]);
}

/// What is in flight at a stop is confirmed, too.
#[test]
fn a_source_acknowledges_upstream_what_is_confirmed_also_after_a_stop() {
    struct Queue(mpsc::Sender<u64>);
    impl Queue {
        fn read(&self, messages: &MessageSender) -> Result<(), Failure> {
            let mut batch = MessageBatch::default();
            for number in 0_u64.. {
                batch.push("numbers", number.to_string().as_bytes());
                messages.send(&mut batch)?;
                self.0.send(messages.acks().wait_changed(Duration::from_millis(1)).messages)?;
            }
            Ok(())
        }
    }
    impl Source for Queue {
        type Item = Undecoded;

        fn run(self, messages: &MessageSender) -> Result<(), Failure> {
            messages.acks().request();
            let outcome = self.read(messages);
            messages.finish();
            loop {
                let acks = messages.acks().wait_changed(Duration::from_secs(60));
                self.0.send(acks.messages)?;
                if acks.over {
                    return outcome;
                }
            }
        }
    }
    let (tell, told) = mpsc::channel();
    let pipeline = Pipeline::new();
    let seen = pipeline.message_source(Queue(tell), super::contract::decode).collect();
    let running = pipeline.start().unwrap();
    wait_for("some confirmations", || told.try_iter().any(|confirmed| confirmed >= 10));
    stop(running);
    assert_eq!(told.iter().last(), Some(seen.rows().len() as u64));
}

#[test]
fn a_failure_elsewhere_ends_the_wait() {
    struct Full;
    impl Sink for Full {
        type Item = Number;

        fn write(&mut self, _: CommitBatch<Number>) -> Result<(), Failure> {
            Err("the disk is full".into())
        }
    }
    let (tell, told) = mpsc::channel();
    let pipeline = Pipeline::new();
    let source = By(SourceSettings::new(), move |rows: &RowSender<Number>| {
        rows.acks().request();
        rows.insert(number(1))?;
        rows.finish();
        Ok(tell.send(rows.acks().wait_ended())?)
    });
    pipeline.source(source).sink(Full);
    let error = pipeline.run().unwrap_err();
    assert_eq!(format!("{error:#}"), "sink `sink` failed: the disk is full");
    assert_eq!(told.recv(), Ok(false));
}
