//! Finds out how far a server has come.
//!
//! async-nats' `flush` only says that the socket has taken the bytes. A server handles what a connection sends in order,
//! so that a message to ourselves, sent behind the rest, says when it comes back that the server has handled all of it.

use std::task::{Context, Poll, ready};

use async_nats::{Client, Subject, Subscriber};
use futures_util::StreamExt;

use super::PermissionError;

/// A private inbox, and the messages that we send to it.
pub(crate) struct FlushBarrier {
    inbox: Subscriber,
    subject: Subject,
    client: Client,
    sent: u64,
}

/// The client of the connection is gone.
#[derive(Debug)]
pub(crate) struct Gone;

impl FlushBarrier {
    /// Subscribes to the inbox.
    pub(crate) async fn open(client: Client) -> Result<Self, Gone> {
        let subject = Subject::from(client.new_inbox());
        let inbox = client.subscribe(subject.clone()).await.map_err(|_| Gone)?;
        Ok(FlushBarrier { inbox, subject, client, sent: 0 })
    }

    /// Sends the next fence; returns its number, counted from 1.
    pub(crate) async fn send(&mut self) -> Result<u64, Gone> {
        self.sent += 1;
        let payload = self.sent.to_be_bytes().to_vec().into();
        self.client.publish(self.subject.clone(), payload).await.map_err(|_| Gone)?;
        Ok(self.sent)
    }

    /// How many fences were sent.
    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    /// The number of a fence that has come back; 0 for a message that is none.
    pub(crate) fn poll_back(&mut self, cx: &mut Context<'_>) -> Poll<u64> {
        match ready!(self.inbox.poll_next_unpin(cx)) {
            Some(message) => Poll::Ready(<[u8; 8]>::try_from(&*message.payload).map_or(0, u64::from_be_bytes)),
            // The client is gone, which shows elsewhere.
            None => Poll::Pending,
        }
    }

    /// Whether a notice says that we may not have the inbox.
    pub(crate) fn is_denied_by(&self, notice: &PermissionError) -> bool {
        notice.subject() == self.subject.as_str()
    }
}
