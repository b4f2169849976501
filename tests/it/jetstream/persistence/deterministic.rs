//! A program that does not give the same output again is an error, and writes nothing of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use pathway::ErrorKind;
use pathway::io::{CommitBatch, Failure, Sink};
use pathway::persistence::Persistence;
use pathway::prelude::*;
use pathway::testing::{Broker, Store};

use crate::support::{Input, assert_error, join};

/// How many rows it was given.
#[derive(Clone, Default)]
struct Rows(Arc<AtomicI64>);

impl Sink for Rows {
    type Item = Input;

    fn write(&mut self, commit: CommitBatch<Input>) -> Result<(), Failure> {
        self.0.fetch_add(commit.changes.len() as i64, Ordering::SeqCst);
        Ok(())
    }
}

/// Copies a subject. `offset` is added to each value; with an odd one, odd values are left out.
fn copy(store: &Store, broker: &Broker, sink: &str, offset: i64, rows: &Rows) -> Pipeline {
    let pipeline = Pipeline::named("copy").persist(Persistence::from(store).checkpoint_every(Duration::MAX));
    let input = nats::read(&pipeline, broker, "in").json::<Input>();
    let input = filter!(i in input => offset % 2 == 0 || i.value % 2 == 0);
    let output = select!(i in input => Input { value: i.value + offset });
    match sink {
        "messages" => nats::write(&output, broker, "out").json(),
        "bucket" => nats::write(&output, broker, "values").kv(|row| row.value.to_string()).json(),
        _ => output.sink(rows.clone()),
    }
    pipeline
}

#[test]
fn a_program_that_is_not_deterministic_is_an_error_before_it_writes() {
    for sink in ["messages", "bucket", "rows"] {
        let store = Store::new();
        let broker = Broker::new();
        let running = copy(&store, &broker, sink, 0, &Rows::default()).start().unwrap();
        for value in [1, 2, 3] {
            broker.publish("in", format!(r#"{{"value": {value}}}"#));
            broker.commit();
        }
        broker.close();
        join(running).unwrap();

        // Odd values are left out: commit 0 writes nothing. Otherwise it writes something else.
        for offset in [1, 10] {
            let (broker, rows) = (Broker::new(), Rows::default());
            let running = copy(&store, &broker, sink, offset, &rows).start();
            broker.close();
            let error = running.and_then(join).expect_err("other output");
            let words = ["commit 0 of the log, computed again", "not deterministic", "`map_async`"];
            assert_error(&error, ErrorKind::Persistence, &words);
            assert_eq!((broker.published("out").len(), rows.0.load(Ordering::SeqCst)), (0, 0), "{sink}");
        }
        // The same program goes on.
        let broker = Broker::new();
        let running = copy(&store, &broker, sink, 0, &Rows::default()).start().unwrap();
        broker.publish("in", r#"{"value": 4}"#);
        broker.commit();
        broker.close();
        join(running).unwrap();
    }
}
