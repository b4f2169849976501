//! Sources and sinks as the runtime sees them: something to start, to watch and to end.

use std::thread::JoinHandle;

use super::ConnectionState;
use crate::data::{Commit, EarlierMessages, Result};
use crate::persistence::Expected;
use crate::telemetry::{SinkStats, SourceStats};

/// How the messages or rows of a source are there again after a restart of a pipeline that persists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// The source reads the same ones once more: in the same order, from a sequence on; or those that the log names, if it
    /// acknowledges its messages.
    Again,
    /// They are in the log.
    Logged,
    /// The pipeline cannot persist.
    Never,
}

/// A source of a plan. `connector/` implements it for every `Source`.
pub trait SourceHandle: Send + Sync {
    /// Starts the source's thread, if it has one, and returns when the source is ready: from then on it misses nothing.
    ///
    /// # Errors
    /// The source cannot be made ready.
    fn start(&self) -> Result<Option<JoinHandle<()>>>;

    /// The dataflow has ended and takes no more: releases a source that waits for room.
    fn close(&self);

    /// A checkpoint has everything that the pipeline has read.
    fn end_of_checkpoints(&self) {}

    /// No more acknowledgements follow. `all` messages are confirmed, or the pipeline has failed.
    fn end_acknowledgements(&self, all: bool);

    /// How its messages are there again after a restart.
    fn replay(&self) -> Replay {
        Replay::Never
    }

    /// Says behind which position the log has what it has handed over, as postcard encodes it, before it starts.
    fn resume_after(&self, _position: &[u8]) {}

    /// Makes it begin with this sequence, before it starts. `stored` says when the message before that one was stored, in unix
    /// nanoseconds; 0 if it is not known.
    fn replay_from(&self, _next: u64, _stored: i64) {}

    /// Says what earlier runs have read, before it starts, if it acknowledges its messages.
    fn continue_acknowledging(&self, _earlier: EarlierMessages) {}

    /// Whether it is connected, if it tells.
    fn connection(&self) -> Option<&ConnectionState> {
        None
    }

    /// What the source has counted so far.
    fn stats(&self) -> SourceStats;
}

/// A sink of a plan. `connector/` implements it for every `Sink`.
pub trait SinkHandle: Send + Sync {
    /// Starts the sink's thread, if it has one, and returns when the sink is ready.
    ///
    /// # Errors
    /// The sink cannot be made ready.
    fn start(&self) -> Result<Option<JoinHandle<()>>>;

    /// No more commits follow: the sink writes what waits, and ends.
    fn finish(&self);

    /// Whether so much waits that the pipeline should read no more.
    fn is_full(&self) -> bool;

    /// The oldest commit of which something is not confirmed.
    fn oldest_unconfirmed(&self) -> Option<Commit>;

    /// Whether it skips by itself what it holds from an earlier run.
    fn resumes(&self) -> bool {
        false
    }

    /// As many records of the log are on the disk: what was written when there were no more can be taken.
    fn release(&self, _records: u64) {}

    /// Nothing is taken any more.
    fn discard_waiting(&self) {}

    /// What the next commit is to write, which is computed again.
    fn expect_output(&self, _expected: Expected) {}

    /// The digest of what the last commit has written, if the pipeline persists and it has written anything.
    fn take_output(&self) -> Option<u32> {
        None
    }

    /// Makes it skip the commits before this one, which an earlier run has written.
    fn skip_before(&self, _commit: Commit) {}

    /// Whether it is connected, if it tells.
    fn connection(&self) -> Option<&ConnectionState> {
        None
    }

    /// What the sink has counted so far.
    fn stats(&self) -> SinkStats;
}
