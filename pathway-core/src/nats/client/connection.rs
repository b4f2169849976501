//! One connection to a server. It ends when it breaks.
//!
//! async-nats would reopen a broken connection by itself. We prevent that, because it would then drop what it had buffered
//! for the socket, but keep and send the commands that were queued after that. A publisher would lose messages in the middle
//! and could publish them again only out of order.
//! So a connection ends when it breaks, and the supervisor opens a new one. The session on the new connection knows exactly
//! which messages were not confirmed.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use async_nats::{Client, ConnectOptions, Statistics};
use futures_util::future::poll_fn;
use tokio::sync::{mpsc, watch};

use super::connect_failure::ConnectFailure;
use super::event::{self, Outcome, PermissionError};
use super::{Api, ApiPrefix, NatsUri, Options, Server, SessionEnd, inbox, tls};
use crate::data::{Error, ErrorKind, excerpt, subject_excerpt};

/// How many permission errors wait at most. The first one ends the pipeline or changes how a sink confirms; further ones add nothing.
const MAX_PERMISSION_ERRORS: usize = 64;
/// How often the client sends PING while nothing arrives. Two unanswered ones end the connection.
const PING_INTERVAL: Duration = Duration::from_secs(15);

/// How long the reason for a break may take to arrive, once the break is noticed.
const REASON_TIMEOUT: Duration = Duration::from_millis(50);

/// One connection to a server.
pub(crate) struct Connection {
    pub(crate) client: Client,
    /// The server, for messages.
    pub(crate) server: Server,
    /// Other servers of the same cluster, as announced by this one.
    pub(super) discovered: Vec<Server>,
    /// The source's or sink's name.
    name: Arc<str>,
    /// Our credentials, as part of a sentence.
    identity: String,
    permission_errors: mpsc::Receiver<PermissionError>,
    lost: Arc<LossDetector>,
    statistics: Arc<Statistics>,
}

/// Notices that async-nats is about to reconnect, or that the server ends the connection.
#[derive(Default)]
struct LossDetector {
    /// How often async-nats has asked for the delay before it connects. The second time, it is about to reconnect.
    connects: AtomicUsize,
    is_lost: watch::Sender<bool>,
    /// Why the server ends the connection, as far as it says.
    reason: Mutex<Option<String>>,
    /// Whether the server has said everything.
    is_closed: watch::Sender<bool>,
}

impl Connection {
    /// `is_quiet`: events of the server are not reported.
    pub(super) async fn open(
        uri: &NatsUri,
        server: &Server,
        options: &Options,
        (name, is_quiet): (&Arc<str>, bool),
        capacity: usize,
        timeout: Duration,
    ) -> Result<Self, ConnectFailure> {
        tls::install_provider();
        let lost = Arc::new(LossDetector::default());
        let (sender, permission_errors) = mpsc::channel(MAX_PERMISSION_ERRORS);
        let options = connect_options(uri, options)?
            .name(name)
            .subscription_capacity(capacity)
            .connection_timeout(timeout)
            .ping_interval(PING_INTERVAL)
            .ignore_discovered_servers()
            .reconnect_delay_callback({
                let lost = lost.clone();
                move |_| lost.delay()
            })
            .event_callback({
                let name = (!is_quiet).then(|| Arc::clone(name));
                let server: Arc<str> = server.to_string().into();
                let lost = lost.clone();
                move |event| {
                    match event::on_event(event, name.as_deref(), &server) {
                        Outcome::Denied(denied) => drop(sender.try_send(denied)),
                        Outcome::Closing(reason) => lost.closing(subject_excerpt(&reason)),
                        Outcome::Closed => drop(lost.is_closed.send_replace(true)),
                        Outcome::None => {}
                    }
                    std::future::ready(())
                }
            });
        // async-nats resolves host names without a time limit.
        let client = match tokio::time::timeout(timeout, options.connect(server.to_string())).await {
            Ok(Ok(client)) => client,
            Ok(Err(error)) => return Err(ConnectFailure::from_error(&error)),
            Err(_) => return Err(ConnectFailure::Temporary("no answer".to_owned())),
        };
        let urls = client.server_info().connect_urls;
        let discovered = urls.iter().filter_map(|url| NatsUri::parse(url).ok()).flat_map(|found| found.servers);
        let discovered = discovered.map(|found| Server { tls: server.tls, ..found }).collect();
        let statistics = client.statistics();
        Ok(Connection {
            client,
            server: server.clone(),
            discovered,
            name: Arc::clone(name),
            identity: uri.identity(),
            permission_errors,
            lost,
            statistics,
        })
    }

    /// JetStream's API over this connection.
    pub(crate) fn api(&self, prefix: &ApiPrefix) -> Api {
        Api::new(self.client.clone(), prefix.clone(), Arc::clone(&self.name))
    }

    /// The JetStream domain of the server, if it has one.
    pub(crate) fn domain(&self) -> Option<String> {
        self.client.server_info().domain.filter(|domain| !domain.is_empty())
    }

    /// The server, with its version, and its name if it was given one.
    pub(super) fn described(&self) -> String {
        let info = self.client.server_info();
        let is_named = info.server_name != info.server_id;
        let name = is_named.then(|| format!(", `{}`", excerpt(&info.server_name)));
        format!("{} (nats-server {}{})", self.server, excerpt(&info.version), name.unwrap_or_default())
    }

    /// Our credentials, as part of a sentence: ``user `alice` ``.
    pub(crate) fn identity(&self) -> &str {
        &self.identity
    }

    /// The next permission error that the server has reported.
    pub(crate) fn poll_permission_error(&mut self, cx: &mut Context<'_>) -> Poll<PermissionError> {
        match self.permission_errors.poll_recv(cx) {
            Poll::Ready(Some(denied)) => Poll::Ready(denied),
            // async-nats' task is gone: it panics over a header with a carriage return, for example.
            Poll::Ready(None) => {
                self.lost.is_lost.send_replace(true);
                Poll::Pending
            }
            Poll::Pending => Poll::Pending,
        }
    }

    /// A permission error as an error that ends the pipeline.
    pub(crate) fn permission_denied(&self, denied: &PermissionError) -> Error {
        self.permission_denied_for(denied, &[])
    }

    /// The same. The consumers `names` have other names in another run.
    pub(crate) fn permission_denied_for(&self, denied: &PermissionError, names: &[String]) -> Error {
        let Connection { name, server, identity, .. } = self;
        let (action, subject) = (denied.action(), denied.subject());
        let is_api = [".API.", ".STREAM.", ".CONSUMER.", "$JS.ACK."].iter().any(|part| subject.contains(part));
        let needed_by = if is_api { ", which JetStream requires" } else { "" };
        let cure = denied.cure(|subject| lasting(subject, names));
        let cure = cure.map(|cure| format!(": {cure}")).unwrap_or_default();
        let message = format!("{name}: {server} does not allow {identity} to {action}{needed_by}{cure}");
        Error::new(ErrorKind::Authorization, message)
    }

    /// Completes when the connection is broken.
    pub(crate) fn lost(&self) -> impl Future<Output = ()> + use<> {
        let mut is_lost = self.lost.is_lost.subscribe();
        async move {
            // An error means that the connection's task is gone, and with it the connection.
            let _ = is_lost.wait_for(|is_lost| *is_lost).await;
        }
    }

    /// Why the connection broke, as far as the server has said so.
    pub(super) async fn loss_reason(&self) -> Option<String> {
        // What the server has said before it closed the connection arrives before this.
        let mut is_closed = self.lost.is_closed.subscribe();
        let _ = tokio::time::timeout(REASON_TIMEOUT, is_closed.wait_for(|is_closed| *is_closed)).await;
        self.lost.reason().take()
    }

    /// Completes `work`, unless the connection breaks or the server denies a subject first.
    ///
    /// Without this, `work` could wait forever: a broken connection has no room for commands, and a request whose subject is
    /// denied gets no answer.
    pub(crate) async fn until_lost<T>(&mut self, work: impl Future<Output = T>) -> Result<T, SessionEnd> {
        match self.until_denied(work).await? {
            Ok(outcome) => Ok(outcome),
            Err(denied) => Err(SessionEnd::Failed(self.permission_denied(&denied))),
        }
    }

    /// Completes `work`, unless the connection breaks or the server denies a subject first: then the inner error is that.
    pub(crate) async fn until_denied<T>(
        &mut self,
        work: impl Future<Output = T>,
    ) -> Result<Result<T, PermissionError>, SessionEnd> {
        let mut work = pin!(work);
        let mut lost = pin!(self.lost());
        poll_fn(|cx| {
            if let Poll::Ready(denied) = self.poll_permission_error(cx) {
                return Poll::Ready(Ok(Err(denied)));
            }
            if lost.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Err(SessionEnd::ConnectionLost));
            }
            work.as_mut().poll(cx).map(|outcome| Ok(Ok(outcome)))
        })
        .await
    }

    /// How many messages have arrived over this connection.
    ///
    /// Minus those that were taken from its subscriptions, once these are empty: the number of messages that were dropped.
    pub(crate) fn messages_in(&self) -> u64 {
        self.statistics.in_messages.load(Ordering::Relaxed)
    }
}

impl LossDetector {
    fn reason(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server ends the connection. Some errors only refuse a command, and nobody knows which; so the connection ends in
    /// any case, and the next session sends everything again.
    fn closing(&self, reason: String) {
        *self.reason() = Some(reason);
        self.is_lost.send_replace(true);
    }

    /// async-nats calls this each time before it connects.
    fn delay(&self) -> Duration {
        if self.connects.fetch_add(1, Ordering::Relaxed) == 0 {
            return Duration::ZERO;
        }
        self.is_lost.send_replace(true);
        // This client never reconnects. Its runtime ends it.
        Duration::MAX
    }
}

/// The subjects for which a permission is needed in every run: that of one inbox, one delivery or one consumer is not enough.
fn lasting(subject: &str, names: &[String]) -> String {
    if let Some(inboxes) = inbox::every_inbox(subject) {
        return inboxes;
    }
    if subject.starts_with("$JS.ACK.") {
        // The five numbers of a delivery follow after the consumer, and in a domain a random token.
        let tokens: Vec<_> = subject.split('.').collect();
        let kept = if tokens.len() > 9 { 6 } else { 4 };
        return format!("{}.>", tokens[..kept.min(tokens.len())].join("."));
    }
    let token = |token| if names.iter().any(|name| name == token) { "*" } else { token };
    subject.split('.').map(token).collect::<Vec<_>>().join(".")
}

fn connect_options(uri: &NatsUri, settings: &Options) -> Result<ConnectOptions, ConnectFailure> {
    let mut options = ConnectOptions::new().require_tls(uri.tls).custom_inbox_prefix(inbox::prefix(settings));
    if let Some(path) = &settings.ca_file {
        options = options.add_root_certificates(path.clone());
    }
    if let Some(client) = &settings.client_certificate {
        options = options.add_client_certificate(client.certificate.clone(), client.key.clone());
    }
    if settings.tls_first {
        options = options.tls_first();
    }
    match &uri.credentials {
        None => Ok(options),
        // A file that was readable at the start may be missing now, perhaps because it is being replaced.
        Some(credentials) => {
            credentials.add_to(options).map_err(|error| ConnectFailure::Permanent(format!("{error:#}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_named_that_hold_for_every_run() {
        let inbox = inbox::prefix(&Options::new().inbox_prefix("_INBOX.a"));
        for (subject, expected) in [
            ("sum", "sum"),
            (&format!("{inbox}.x7.*"), "_INBOX.a.>"),
            ("_INBOX.x7", "_INBOX.x7"),
            ("$JS.ACK.S.c.1.2.3.4.5", "$JS.ACK.S.c.>"),
            ("$JS.ACK.hub.AbC.S.c.1.2.3.4.5.x", "$JS.ACK.hub.AbC.S.c.>"),
            ("$JS.API.CONSUMER.CREATE.S.p-s-1a.a.>", "$JS.API.CONSUMER.CREATE.S.*.a.>"),
            ("$JS.API.CONSUMER.CREATE.S.p-s.a.>", "$JS.API.CONSUMER.CREATE.S.p-s.a.>"),
        ] {
            assert_eq!(lasting(subject, &["p-s-1a".to_owned()]), expected);
        }
    }
}
