//! Finds out which messages a server has processed.
//!
//! `flush` of async-nats only says that the socket has taken the bytes. A server processes the commands of a connection in
//! order, so a message that we send to ourselves behind the others returns when the server has processed all of them.

use std::task::{Context, Poll, ready};

use async_nats::{Client, Subject, Subscriber};
use futures_util::StreamExt;

use super::{ConnectionClosed, PermissionError};

/// A private inbox and the numbered messages that we send to it.
pub(crate) struct FlushBarrier {
    inbox: Subscriber,
    subject: Subject,
    client: Client,
    sent: u64,
}

impl FlushBarrier {
    /// Subscribes to the inbox.
    pub(crate) async fn open(client: Client) -> Result<Self, ConnectionClosed> {
        let subject = Subject::from(client.new_inbox());
        let inbox = client.subscribe(subject.clone()).await.map_err(|_| ConnectionClosed)?;
        Ok(FlushBarrier { inbox, subject, client, sent: 0 })
    }

    /// Sends the next barrier. Barriers are numbered from 1.
    pub(crate) async fn send(&mut self) -> Result<(), ConnectionClosed> {
        self.sent += 1;
        let payload = self.sent.to_be_bytes().to_vec().into();
        self.client.publish(self.subject.clone(), payload).await.map_err(|_| ConnectionClosed)
    }

    /// The number of the last barrier that was sent.
    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    /// The number of a barrier that has returned; 0 for any other message.
    pub(crate) fn poll_returned(&mut self, cx: &mut Context<'_>) -> Poll<u64> {
        match ready!(self.inbox.poll_next_unpin(cx)) {
            Some(message) => Poll::Ready(<[u8; 8]>::try_from(&*message.payload).map_or(0, u64::from_be_bytes)),
            // The client is gone. `Connection::lost` says so.
            None => Poll::Pending,
        }
    }

    /// Whether the server denies us the inbox.
    pub(crate) fn is_denied_by(&self, error: &PermissionError) -> bool {
        error.subject() == self.subject.as_str()
    }
}
