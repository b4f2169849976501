//! One connection to a server, which lives once.
//!
//! async-nats would bring a broken connection back by itself. It is not let, for what it does then:
//! it throws away what it had buffered for the socket, but keeps and sends the commands that were queued behind that.
//! A publisher would thus leave a hole in its messages, and later could only fill it out of order.
//! So a connection here is over when it breaks; its end of the pipeline makes a new one, and knows exactly where it stood.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use async_nats::{Client, ConnectOptions, Statistics};
use futures_util::future::{self, Either};
use tokio::sync::{mpsc, watch};

use super::connect_failure::ConnectFailure;
use super::event::{self, PermissionError};
use super::{NatsUri, Options, Server, tls};

/// How many notices wait at most. One ends the pipeline, or changes how an end confirms; more say nothing new.
const MAX_NOTICES: usize = 64;
/// How often the connection is tried while nothing comes; two unanswered PINGs end it.
const PING_INTERVAL: Duration = Duration::from_secs(15);

/// One connection to a server.
pub(crate) struct Connection {
    pub(crate) client: Client,
    /// The server, for reports.
    pub(crate) server: Server,
    /// Servers of the same cluster that it told of.
    pub(super) discovered: Vec<Server>,
    notices: mpsc::Receiver<PermissionError>,
    lost: Arc<Lost>,
    statistics: Arc<Statistics>,
}

/// Says that a connection has broken.
#[derive(Default)]
struct Lost {
    /// How often async-nats has asked how long to wait before it connects: the second time, it is to come back.
    dialed: AtomicUsize,
    told: watch::Sender<bool>,
}

impl Connection {
    pub(super) async fn open(
        endpoint: &NatsUri,
        server: &Server,
        options: &Options,
        part: &str,
        capacity: usize,
        patience: Duration,
    ) -> Result<Self, ConnectFailure> {
        tls::install_provider();
        let lost = Arc::new(Lost::default());
        let (sender, notices) = mpsc::channel(MAX_NOTICES);
        let options = connect_options(endpoint, options)?
            .name(part)
            .subscription_capacity(capacity)
            .connection_timeout(patience)
            .ping_interval(PING_INTERVAL)
            .ignore_discovered_servers()
            .reconnect_delay_callback({
                let lost = lost.clone();
                move |_| lost.delay()
            })
            .event_callback({
                let (part, server): (Arc<str>, Arc<str>) = (part.into(), server.to_string().into());
                move |event| {
                    if let Some(notice) = event::sort(event, &part, &server) {
                        let _ = sender.try_send(notice);
                    }
                    std::future::ready(())
                }
            });
        // Resolving a name has no time limit in async-nats.
        let client = match tokio::time::timeout(patience, options.connect(server.to_string())).await {
            Ok(Ok(client)) => client,
            Ok(Err(error)) => return Err(ConnectFailure::of(&error)),
            Err(_) => return Err(ConnectFailure::Away("no answer".to_owned())),
        };
        let urls = client.server_info().connect_urls;
        let discovered = urls.iter().filter_map(|url| NatsUri::parse(url).ok()).flat_map(|found| found.servers);
        let discovered = discovered.map(|found| Server { tls: server.tls, ..found }).collect();
        let statistics = client.statistics();
        Ok(Connection { client, server: server.clone(), discovered, notices, lost, statistics })
    }

    /// The next thing to act upon.
    pub(crate) fn poll_notice(&mut self, cx: &mut Context<'_>) -> Poll<PermissionError> {
        match self.notices.poll_recv(cx) {
            Poll::Ready(Some(notice)) => Poll::Ready(notice),
            // No more will come; a broken connection shows elsewhere.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    /// Waits until the connection breaks; one that has broken stays so.
    pub(crate) fn lost(&self) -> impl Future<Output = ()> + use<> {
        let mut told = self.lost.told.subscribe();
        async move {
            // An error says that the connection's task is gone, and with it the connection.
            let _ = told.wait_for(|lost| *lost).await;
        }
    }

    /// What is said to the server, unless the connection breaks: saying waits for room in async-nats, and for ever when
    /// that has nothing to write to any more.
    pub(crate) async fn unless_lost<T>(&self, said: impl Future<Output = T>) -> Option<T> {
        match future::select(pin!(said), pin!(self.lost())).await {
            Either::Left((outcome, _)) => Some(outcome),
            Either::Right(_) => None,
        }
    }

    /// How many messages have come in over this connection.
    ///
    /// Less those that were taken from its subscriptions, when these are drained: the number that were dropped.
    pub(crate) fn messages_in(&self) -> u64 {
        self.statistics.in_messages.load(Ordering::Relaxed)
    }
}

impl Lost {
    /// async-nats asks this each time before it connects.
    fn delay(&self) -> Duration {
        if self.dialed.fetch_add(1, Ordering::Relaxed) == 0 {
            return Duration::ZERO;
        }
        self.told.send_replace(true);
        // For ever: this client is over. The runtime that it lives on ends it.
        Duration::MAX
    }
}

fn connect_options(endpoint: &NatsUri, settings: &Options) -> Result<ConnectOptions, ConnectFailure> {
    let mut options = ConnectOptions::new().require_tls(endpoint.tls);
    if let Some(path) = &settings.ca_file {
        options = options.add_root_certificates(path.clone());
    }
    if let Some(client) = &settings.client_certificate {
        options = options.add_client_certificate(client.certificate.clone(), client.key.clone());
    }
    if settings.tls_first {
        options = options.tls_first();
    }
    match &endpoint.credentials {
        None => Ok(options),
        // A file that could be read at start may be gone: perhaps it is being replaced.
        Some(credentials) => {
            credentials.add_to(options).map_err(|error| ConnectFailure::Unusable(format!("{error:#}")))
        }
    }
}
