//! One connection with JetStream's API, and what can come between a request and its answer.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use futures_util::future::{self, Either};

use crate::connector::source::Queue;
use crate::data::{Error, ErrorKind};
use crate::nats::client::{Api, Connection, Interruption, NatsUri, PermissionError, until_lost};
use crate::plan::Control;

/// A connection that is asked.
pub(super) struct Session {
    pub(super) connection: Connection,
    pub(super) api: Api,
    control: Control,
    /// Where messages wait for acknowledgements, a stop ends no request: it ends this queue, and what is in it is
    /// still acknowledged.
    pub(super) acknowledged: Option<Arc<Queue>>,
}

/// Why a connection's life, or all of it, is over.
pub(super) enum Break {
    /// The connection broke.
    Lost,
    /// The pipeline stops.
    Stopped,
    /// The pipeline can't go on.
    Fatal(Error),
}

impl From<Error> for Break {
    fn from(error: Error) -> Self {
        Break::Fatal(error)
    }
}

impl Session {
    pub(super) fn new(connection: Connection, control: Control) -> Self {
        let api = Api::new(connection.client.clone());
        Session { connection, api, control, acknowledged: None }
    }

    /// Does work to its end, unless something comes between.
    pub(super) async fn during<T>(
        &mut self,
        part: &str,
        endpoint: &NatsUri,
        work: impl Future<Output = T>,
    ) -> Result<T, Break> {
        let outcome = {
            let mut stopped = pin!(self.control.stopped());
            let mut working = pin!(until_lost(&mut self.connection, work));
            match (future::select(stopped.as_mut(), working.as_mut()).await, &self.acknowledged) {
                (Either::Left(_), None) => return Err(Break::Stopped),
                (Either::Left(_), Some(queue)) => {
                    queue.finish();
                    working.await
                }
                (Either::Right((outcome, _)), _) => outcome,
            }
        };
        outcome.map_err(|interruption| match interruption {
            Interruption::Lost => Break::Lost,
            Interruption::Denied(notice) => Break::Fatal(self.denied(part, endpoint, &notice)),
        })
    }

    /// The server refuses a subject that reading a stream needs.
    pub(super) fn denied(&self, part: &str, endpoint: &NatsUri, notice: &PermissionError) -> Error {
        let verb = match notice {
            PermissionError::SubscribeDenied(_) => "subscribe to",
            PermissionError::PublishDenied(_) => "publish on",
        };
        let message = format!(
            "{part}: {} does not let {} {verb} `{}` (permissions violation), which reading a stream needs",
            self.connection.server,
            endpoint.identity(),
            notice.subject()
        );
        Error::new(ErrorKind::Authorization, message)
    }
}
