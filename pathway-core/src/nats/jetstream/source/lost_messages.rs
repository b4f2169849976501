//! When a session asks the stream whether unread messages were removed.

use std::borrow::Cow;
use std::future::poll_fn;
use std::task::Poll;
use std::time::Instant;

use super::coverage::Coverage;
use super::session::{COUNT_INTERVAL, ConsumerSession, Idle};
use crate::nats::client::SessionEnd;

impl ConsumerSession<'_> {
    /// Whether the source waits for the pipeline before it requests more.
    pub(super) fn is_blocked(&self) -> bool {
        self.wants_more() && !self.reader.link.queue.is_half_free()
    }

    /// Whether the stream must be asked what has arrived. Where each sequence has a message for the source, they say that.
    pub(super) fn counts_arrivals(&self) -> bool {
        self.reader.coverage() == Coverage::Filtered
    }

    /// If messages seem to be missing, or none arrive, asks the stream whether it has removed any. The inner error is the
    /// reason for a restart.
    pub(super) async fn check_for_lost_messages(&mut self) -> Result<Result<(), Cow<'static, str>>, SessionEnd> {
        let is_idle = self.idle == Idle::Unchecked;
        let is_short = self.reader.position.snapshot.is_short();
        let unread = &self.reader.position.unread;
        let is_suspicious = unread.has_missing() || unread.is_unverified();
        let is_due = self.last_count.elapsed() >= COUNT_INTERVAL;
        let has_lost = is_due && unread.has_lost();
        let is_due = is_due && self.counts_arrivals();
        let (counts, is_open) = (is_due && self.is_blocked(), is_due && unread.is_open());
        if self.is_stopping() || !(is_idle || is_short || is_suspicious || has_lost || counts || is_open) {
            return Ok(Ok(()));
        }
        let next = self.reader.position.next;
        let stream = self.reader.check_stream(self.connection).await?;
        if is_idle {
            self.idle = Idle::Checked;
            let is_empty = self.reader.is_nothing_left(self.connection, &stream, &self.consumer).await?;
            // What has arrived in the meantime is not lost.
            let drained = poll_fn(|cx| Poll::Ready(self.drain(cx))).await;
            if self.reader.position.next != next || drained.is_err() {
                return Ok(drained.map(|_| ()));
            }
            if is_empty {
                self.reader.lose_all(&stream);
            }
        }
        if self.reader.position.unread.is_unverified() {
            self.reader.count_arrivals(self.connection, &stream).await?;
        }
        if has_lost {
            self.last_count = Instant::now();
            self.reader.look_for_lost(self.connection).await?;
        }
        if is_open {
            self.last_count = Instant::now();
            self.reader.position.unread.bound(stream.last);
        }
        if counts {
            self.last_count = Instant::now();
            self.reader.watch_unread(self.connection, &stream, &self.consumer).await?;
        }
        self.reader.report_removed(self.connection, &stream).await?;
        if is_idle {
            // Nothing comes although something was requested.
            self.reader.position.snapshot.end();
            self.reader.backlog.advance(0, 0);
            self.reader.hand_over();
        } else if is_short {
            let read = self.reader.position.next.saturating_sub(1);
            self.reader.position.snapshot.extend(stream.last, read);
        }
        self.reader.end_snapshot();
        Ok(Ok(()))
    }
}
