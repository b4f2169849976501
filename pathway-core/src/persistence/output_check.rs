//! Whether a commit that is computed again gives the same output.

use std::hash::Hasher;
use std::sync::Mutex;

use super::session::lock;
use crate::data::{Commit, Error, ErrorKind};

/// A digest of what a commit writes into a sink. It is the same in each version of this crate.
#[derive(Debug, Default)]
pub(crate) struct OutputDigest(crc32fast::Hasher);

impl OutputDigest {
    pub(crate) fn value(self) -> u32 {
        self.0.finalize()
    }
}

impl Hasher for OutputDigest {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        u64::from(self.0.clone().finalize())
    }
}

/// What one sink is to write for a commit that is computed again, and what was written.
///
/// The log has a digest of a commit's output with the commit that follows. So other output is not written, but for that of the
/// last commit of a log: there, the output stream itself shows it.
#[derive(Debug, Default)]
pub(crate) struct OutputCheck(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The digest of what the open commit has written, if it has written anything.
    written: Option<u32>,
    expected: Expected,
}

/// What is known of the output of the open commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expected {
    /// It was not computed before, or it is the last one of the log.
    #[default]
    Anything,
    Nothing,
    Digest(u32),
}

impl OutputCheck {
    /// Says what the next commit is to write.
    pub(crate) fn expect(&self, expected: Expected) {
        lock(&self.0).expected = expected;
    }

    /// A commit writes something. Returns false if it was to write something else.
    pub(crate) fn write(&self, digest: u32) -> bool {
        let mut state = lock(&self.0);
        state.written = Some(digest);
        matches!(state.expected, Expected::Anything) || state.expected == Expected::Digest(digest)
    }

    /// What the last commit has written.
    pub(crate) fn take(&self) -> Option<u32> {
        lock(&self.0).written.take()
    }
}

/// The error if a commit that is computed again writes something else into a sink.
pub(crate) fn is_not_as_before(sink: &str, commit: Commit) -> Error {
    let message = format!(
        "the sink `{sink}`: commit {commit} of the log, computed again, does not give what it gave before: a closure of the program \
         is not deterministic (it reads a clock, random numbers, or what another program writes), or it has changed since; \
         make it as it was, or begin anew with another directory and other output streams; what comes from outside belongs into \
         an input, or a `map_async`, whose answers are logged"
    );
    Error::new(ErrorKind::Persistence, message)
}
