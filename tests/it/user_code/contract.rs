//! The connector contract beyond its short form: undecoded messages, acknowledgements, positions, late confirmations.

use std::sync::mpsc;
use std::sync::{Arc, Mutex};

use pathway::format::{ChangeInfo, DecodeError, Message};
use pathway::io::{
    Encoded, Failure, MessageBatch, MessageSender, OutputBatch, Position, RowSender, Sink, SinkInput, Source,
    SourceSettings, Undecoded,
};
use pathway::prelude::*;

use super::{Number, number};
use crate::support::wait_for;

pub(super) fn decode(message: &Message<'_>) -> Result<Number, DecodeError> {
    let text = std::str::from_utf8(message.payload).ok();
    text.and_then(|text| text.parse().ok()).map(number).ok_or_else(|| DecodeError::payload("not a number", 0))
}

/// Sends batches of messages, and waits until each is confirmed.
struct Acknowledging {
    batches: Vec<Vec<&'static str>>,
    confirmed: Arc<Mutex<Vec<u64>>>,
}

impl Source for Acknowledging {
    type Item = Undecoded;

    fn settings(&self) -> SourceSettings {
        SourceSettings::new().name("queue").announces_ready()
    }

    fn run(self, messages: &MessageSender) -> Result<(), Failure> {
        messages.acks().request();
        messages.ready();
        let (mut batch, mut sent) = (MessageBatch::default(), 0);
        for payloads in self.batches {
            for payload in payloads {
                batch.push("numbers", payload.as_bytes());
                sent += 1;
            }
            batch.set_position(Position::from(100 + sent));
            messages.send(&mut batch)?;
            loop {
                let acks = messages.acks().take();
                if acks.messages >= sent {
                    assert_eq!(acks.durable, acks.messages);
                    self.confirmed.lock().unwrap().push(acks.messages);
                    break;
                }
                messages.sleep(Duration::from_millis(1))?;
            }
        }
        Ok(())
    }
}

#[test]
fn a_message_source_learns_its_confirmed_messages_and_reports_its_position() {
    for workers in [1, 2] {
        let confirmed = Arc::default();
        let batches = vec![vec!["1", "two", "3"], vec!["4"]];
        let pipeline = Pipeline::new();
        let source = Acknowledging { batches, confirmed: Arc::clone(&confirmed) };
        let seen = pipeline.message_source(source, decode).collect();
        let running = pipeline.start_with(workers).unwrap();
        wait_for("the confirmation of both batches", || confirmed.lock().unwrap().len() == 2);
        let stats = &running.stats().sources[0];
        assert_eq!((stats.name.as_str(), stats.position.as_deref()), ("queue", Some("104")));
        assert_eq!((stats.received, stats.bytes, stats.rows, stats.rejected), (4, 6, 3, 1));
        running.join().unwrap();
        assert_eq!(*confirmed.lock().unwrap(), [3, 4]);
        assert_eq!(seen.rows(), [1, 3, 4].map(number));
    }
}

/// Takes all commits, and confirms them on a signal.
struct Late {
    confirm: mpsc::Receiver<()>,
    taken: mpsc::Sender<(u64, Vec<String>)>,
}

impl Sink for Late {
    type Item = Encoded;

    fn name(&self) -> String {
        "late".to_owned()
    }

    fn run(self, input: &SinkInput<Encoded>) -> Result<(), Failure> {
        input.ready();
        let mut unconfirmed = Vec::new();
        while let Some(batch) = input.next() {
            let payloads = batch.messages().map(|message| String::from_utf8_lossy(message.payload()).into_owned());
            self.taken.send((batch.commit(), payloads.collect()))?;
            unconfirmed.push(batch);
        }
        self.confirm.recv()?;
        unconfirmed.iter().for_each(|batch| input.confirm(batch));
        Ok(())
    }
}

#[test]
fn a_message_sink_can_confirm_commits_later() {
    let (confirm, confirmed) = mpsc::channel();
    let (taken, commits) = mpsc::channel();
    let pipeline = Pipeline::new();
    let (feed, numbers) = pipeline.input::<Number>();
    let text = |row: &Number, info: ChangeInfo, payload: &mut Vec<u8>| {
        payload.extend_from_slice(format!("{:+} {}", info.diff, row.value).as_bytes());
        Ok(())
    };
    numbers.message_sink(Late { confirm: confirmed, taken }, "numbers", text);
    let running = pipeline.start().unwrap();
    for value in 0..3 {
        feed.insert(number(value));
        feed.commit();
        assert_eq!(commits.recv(), Ok((value as u64, vec![format!("+1 {value}")])));
    }
    let stats = running.stats();
    assert_eq!((stats.sinks[0].name.as_str(), stats.sinks[0].queued, stats.sinks[0].published), ("late", 3, 0));
    drop(feed);
    confirm.send(()).unwrap();
    running.join().unwrap();
}

/// The source is acknowledged only when the slow sink has confirmed its rows.
#[test]
fn a_row_source_learns_its_confirmed_rows() {
    struct Rows(mpsc::Sender<u64>);
    impl Source for Rows {
        type Item = Number;

        fn run(self, rows: &RowSender<Number>) -> Result<(), Failure> {
            rows.acks().request();
            (0..10).try_for_each(|value| rows.insert(number(value)))?;
            rows.set_position(Position::from_bytes(*b"end"))?;
            while rows.acks().take().messages < 10 {
                rows.sleep(Duration::from_millis(1))?;
            }
            Ok(self.0.send(rows.acks().take().messages)?)
        }
    }
    struct Slow(mpsc::Receiver<()>);
    impl Sink for Slow {
        type Item = Number;

        fn write(&mut self, _: pathway::io::CommitBatch<Number>) -> Result<(), Failure> {
            Ok(self.0.recv()?)
        }
    }
    let (tell, told) = mpsc::channel();
    let (go, wait) = mpsc::channel();
    let pipeline = Pipeline::new();
    pipeline.source(Rows(tell)).sink(Slow(wait));
    let running = pipeline.start().unwrap();
    wait_for("all rows", || running.stats().sources[0].position.as_deref() == Some("end"));
    assert!(told.try_recv().is_err(), "the sink has confirmed nothing");
    (0..10).for_each(|_| go.send(()).unwrap_or_default());
    assert_eq!(told.recv(), Ok(10));
    running.join().unwrap();
}

/// Takes a commit, and does with it what a faulty or careful sink would do.
struct Scripted(fn(&SinkInput<Encoded>) -> Result<(), Failure>);

impl Sink for Scripted {
    type Item = Encoded;

    fn name(&self) -> String {
        "scripted".to_owned()
    }

    fn run(self, input: &SinkInput<Encoded>) -> Result<(), Failure> {
        self.0(input)
    }
}

/// Runs a pipeline whose sink gets the numbers 0 to 3, of which 2 cannot be encoded.
fn run_scripted(
    script: fn(&SinkInput<Encoded>) -> Result<(), Failure>,
) -> (pathway::Running, pathway::io::Feed<Number>) {
    let pipeline = Pipeline::new();
    let (feed, numbers) = pipeline.input::<Number>();
    let text = |row: &Number, _: ChangeInfo, payload: &mut Vec<u8>| {
        payload.extend_from_slice(row.value.to_string().as_bytes());
        if row.value == 2 { Err(pathway::format::EncodeError::new("2 is not allowed")) } else { Ok(()) }
    };
    numbers.message_sink(Scripted(script), "numbers", text);
    let running = pipeline.start().unwrap();
    for value in 0..4 {
        feed.insert(number(value));
        feed.commit();
    }
    (running, feed)
}

/// The error of a pipeline whose sink does this.
fn error_of(script: fn(&SinkInput<Encoded>) -> Result<(), Failure>) -> String {
    let (running, feed) = run_scripted(script);
    drop(feed);
    running.join().unwrap_err().to_string()
}

#[test]
fn a_sink_that_returns_too_early_is_an_error() {
    let (running, feed) = run_scripted(|input| {
        let first = input.next().ok_or("no commit")?;
        input.confirm(&first);
        Ok(())
    });
    // The input stays open, so that more commits could follow.
    let error = running.join().unwrap_err().to_string();
    assert!(error.contains("sink `scripted` returned before the last commit"), "{error}");
    drop(feed);
}

#[test]
fn a_sink_that_does_not_confirm_is_an_error() {
    let error = error_of(|input| {
        while input.next().is_some() {}
        Ok(())
    });
    assert!(error.contains("sink `scripted` returned, but has not confirmed 4 commits"), "{error}");
}

/// It also counts as ready when it takes a commit, and its invalid messages count as rejected.
#[test]
fn a_sink_may_confirm_twice() {
    let (running, feed) = run_scripted(|input| {
        while let Some(batch) = input.next() {
            input.confirm(&batch);
            input.confirm(&batch);
        }
        Ok(())
    });
    wait_for("all messages", || {
        let sink = &running.stats().sinks[0];
        (sink.queued, sink.published, sink.rejected) == (4, 3, 1)
    });
    drop(feed);
    running.join().unwrap();
}
