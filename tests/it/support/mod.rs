//! What all integration tests share: rows, clients, waiting, and the end of a pipeline.

mod link;
pub(crate) mod random;

use std::sync::{Arc, Mutex, MutexGuard, mpsc};
use std::time::Duration;

use async_nats::ConnectOptions;
pub(crate) use link::Link;
use pathway::{ErrorKind, Running, Schema};
pub(crate) use pathway_testkit::{DEADLINE, wait_for};
use tokio::runtime::{Builder, Runtime};

/// The row that most tests read and write.
#[derive(Clone, Debug, PartialEq, Schema)]
pub(crate) struct Input {
    pub(crate) value: i64,
}

/// The JSON of an [`Input`].
pub(crate) fn value(value: i64) -> String {
    format!(r#"{{"value": {value}}}"#)
}

/// Connects the NATS client of the tests, which runs only while its runtime is entered.
pub(crate) fn connect(url: &str, options: ConnectOptions) -> (Runtime, async_nats::Client) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let options = options.subscription_capacity(1 << 20).connection_timeout(DEADLINE);
    let options = options.reconnect_delay_callback(|_| Duration::from_millis(2));
    let client = runtime.block_on(options.connect(url)).expect("a client");
    (runtime, client)
}

/// Waits until a pipeline ends, and returns its result. A pipeline that does not end fails the test.
pub(crate) fn join(running: Running) -> pathway::Result<()> {
    let (sender, result) = mpsc::channel();
    std::thread::spawn(move || sender.send(running.join().map(drop)));
    result.recv_timeout(DEADLINE).expect("the pipeline ends")
}

/// Stops a pipeline, which must end without an error.
pub(crate) fn stop(running: Running) {
    running.stop();
    join(running).expect("the pipeline ends without an error");
}

/// Checks the kind of an error, and that its message contains each of the words.
pub(crate) fn assert_error(error: &pathway::Error, kind: ErrorKind, words: &[&str]) {
    assert_eq!(error.kind(), kind, "{error}");
    let message = error.to_string();
    for word in words {
        assert!(message.contains(word), "{word:?} is not in: {message}");
    }
}

/// Stops the worker that passes through it, for as long as it is closed.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<Mutex<()>>);

impl Gate {
    /// Closes the gate until the guard is dropped.
    pub(crate) fn close(&self) -> MutexGuard<'_, ()> {
        self.0.lock().expect("no panic behind the gate")
    }

    /// Returns true once the gate is open, so that it can be the condition of a filter.
    pub(crate) fn pass(&self) -> bool {
        self.0.lock().is_ok()
    }
}
