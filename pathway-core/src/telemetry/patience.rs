//! Waits that the log speaks of, where they take long.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How long something waits before a line of the log says what for, and before each further line.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// The next value of a channel. Each time that `patience` has passed, `still_waiting` is called with the seconds since the begin.
/// `None`: all senders are gone.
pub fn receive_patiently<T>(
    receiver: &Receiver<T>,
    patience: Duration,
    mut still_waiting: impl FnMut(f32),
) -> Option<T> {
    let begin = Instant::now();
    loop {
        match receiver.recv_timeout(patience) {
            Ok(value) => return Some(value),
            Err(RecvTimeoutError::Timeout) => still_waiting(seconds_since(begin)),
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
}

/// Whole seconds, for a line of the log.
pub fn seconds_since(begin: Instant) -> f32 {
    begin.elapsed().as_secs_f32().round()
}
