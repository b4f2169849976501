//! Where a source of one's own puts its rows.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::handover::Handover;
use crate::data::{Change, Schema};

/// Where a [`Source`](super::Source) puts its rows. Clones are the same intake, also for other threads of the source.
///
/// Each call that gives a row blocks while too many wait: 65 536, or one commit of the source's own, however large.
pub struct RowSender<R: Schema> {
    handover: Arc<Handover<R>>,
}

/// The pipeline stops or has ended: the source is to come to its end. Not a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the pipeline stops")
    }
}

impl std::error::Error for Stopped {}

impl<R: Schema> RowSender<R> {
    /// How long a stop may be overslept.
    pub(super) const GLANCE: Duration = Duration::from_millis(20);

    pub(super) fn new(handover: Arc<Handover<R>>) -> Self {
        RowSender { handover }
    }

    /// A row comes.
    ///
    /// # Errors
    /// The pipeline stops: the row was not taken.
    pub fn insert(&self, row: R) -> Result<(), Stopped> {
        self.handover.push(Change::insert(row))
    }

    /// A row goes. It must have come: a row can't go before it.
    ///
    /// # Errors
    /// The pipeline stops: the row was not taken. A source that said that it is append-only ends the pipeline by this.
    pub fn remove(&self, row: R) -> Result<(), Stopped> {
        self.handover.push(Change::remove(row))
    }

    /// Of a source with [`own_commits`](super::Settings::own_commits): what was given so far takes effect at once.
    /// Of any other source it does nothing.
    ///
    /// It returns when the pipeline has taken the rows over, not when their effects can be seen.
    ///
    /// # Errors
    /// The pipeline stops: the rows since the last commit are forgotten.
    pub fn commit(&self) -> Result<(), Stopped> {
        self.handover.commit_when_there_is_room()
    }

    /// Whether the pipeline stops, and the source is to come to its end.
    pub fn is_stopping(&self) -> bool {
        self.handover.is_stopping()
    }

    /// Waits, for a source that asks for news now and then.
    ///
    /// # Errors
    /// The pipeline stops: it returns at once.
    pub fn sleep(&self, duration: Duration) -> Result<(), Stopped> {
        let begin = Instant::now();
        loop {
            if self.is_stopping() {
                return Err(Stopped);
            }
            match duration.checked_sub(begin.elapsed()).filter(|left| !left.is_zero()) {
                Some(left) => std::thread::sleep(left.min(Self::GLANCE)),
                None => return Ok(()),
            }
        }
    }
}

impl<R: Schema> Clone for RowSender<R> {
    fn clone(&self) -> Self {
        RowSender { handover: Arc::clone(&self.handover) }
    }
}
