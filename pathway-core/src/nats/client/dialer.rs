//! Opens connections: tries the servers in order, waits between the rounds, and reports why none can be reached.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::backoff::Backoff;
use super::connect_failure::ConnectFailure;
use super::refusals::{Reason, Refusal, Refusals, Since};
use super::{Connection, Credentials, NatsUri, Options, Server, inbox, tls};
use crate::data::{Error, ErrorKind, Result};
use crate::telemetry::{Level, LogLimiter, report};

/// How long one server may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// The least time that a server gets, also at the end of the deadline: one that listens answers in it.
const SHORTEST_TIMEOUT: Duration = Duration::from_millis(20);
/// A session that lasted this long has worked. A connection that breaks earlier counts as a failed attempt to connect, so
/// that a server that accepts us and then closes the connection is not asked again and again without a pause.
const STABLE_AFTER: Duration = Duration::from_secs(5);
/// How often a server that cannot be reached is reported: first after this, then less and less often.
const FIRST_REPORT: Duration = Duration::from_secs(5);
const LONGEST_REPORT_INTERVAL: Duration = Duration::from_secs(60);

/// Opens the connections of one source or sink, one after the other.
pub(crate) struct Dialer {
    uri: NatsUri,
    options: Options,
    /// The source's or sink's name: for log lines, and in the server's list of connections.
    name: Arc<str>,
    /// How many messages wait in async-nats for one subscription before it drops any.
    capacity: usize,
    /// The pipeline can do without these connections: nothing is reported.
    is_quiet: bool,
    /// Servers of the same cluster, as announced by the last one.
    discovered: Vec<Server>,
    /// The server of the last connection.
    last: Option<Server>,
    /// Grows with each failed round and each short session.
    backoff: Backoff,
    /// The last connection broke soon after it was opened, and why that counts as a failure.
    short_session: Option<String>,
    /// The last server that was tried takes no connection, because others have as many as there may be.
    is_full: bool,
    /// The servers that refused us, or could not be used, when they were last tried.
    refusals: Refusals,
    /// When the first connection was attempted.
    started: Option<Instant>,
    /// Connections that break again and again are reported from time to time.
    log: LogLimiter,
}

impl Dialer {
    pub(crate) fn new(uri: NatsUri, options: Options, name: Arc<str>, capacity: usize) -> Self {
        Dialer {
            log: LogLimiter::new(&name),
            uri: uri.with(&options),
            options,
            name,
            capacity,
            is_quiet: false,
            discovered: Vec::new(),
            last: None,
            backoff: Backoff::new(),
            short_session: None,
            is_full: false,
            refusals: Refusals::default(),
            started: None,
        }
    }

    /// Opens a connection: until a first session has been established (`is_ready`) within
    /// [`connect_deadline`](Options::connect_deadline), then however long it takes.
    ///
    /// A server that refuses the credentials or cannot be used is reported and skipped.
    ///
    /// # Errors
    /// A file of the options cannot be used. Before the first session: no server could be reached in time, or none can be
    /// used. Later: every server has refused us for [`refusal_deadline`](Options::refusal_deadline).
    pub(crate) async fn connect(&mut self, is_ready: bool) -> Result<Connection> {
        let begin = Instant::now();
        if self.started.is_none() {
            let checked = self.uri.credentials().map_or(Ok(()), Credentials::check);
            let checked = checked.and_then(|()| tls::check(&self.options)).and_then(|()| inbox::check(&self.options));
            checked.map_err(|error| error.of_component(&self.name))?;
        }
        let started = *self.started.get_or_insert(begin);
        let deadline = (!is_ready).then(|| started + self.options.connect_deadline);
        let mut report_after = Duration::ZERO;
        if let Some(reason) = self.short_session.take() {
            tokio::time::sleep(self.next_pause(&reason, deadline)?).await;
        }
        loop {
            let (servers, mut reasons) = (self.servers_in_order(), Vec::new());
            // While the pipeline starts, a refusal is final.
            let to_try = servers.iter().filter(|server| is_ready || !self.refusals.contains(server));
            let to_try: Vec<_> = to_try.cloned().collect();
            for (number, server) in to_try.iter().enumerate() {
                let outcome = self.open(server, answer_timeout(deadline, to_try.len() - number)).await;
                self.record(server, outcome.as_ref().map(drop), servers.len() > 1);
                match outcome {
                    Ok(connection) => {
                        return Ok(self.opened(server, connection));
                    }
                    Err(failure) => {
                        self.is_full = matches!(failure, ConnectFailure::Full(_));
                        reasons.push(format!("{server} ({failure})"));
                    }
                }
            }
            self.check_refusals(&servers, is_ready)?;
            let reasons = reasons.join(", ");
            let pause = self.next_pause(&reasons, deadline)?;
            let waited = begin.elapsed();
            if waited >= report_after {
                let until = deadline.map_or("until it is back".to_owned(), |at| {
                    format!("for another {} s", at.saturating_duration_since(Instant::now()).as_secs_f32().ceil())
                });
                self.log.report(Level::Warn, 1, format_args!("cannot reach {reasons} yet; retrying {until}"));
                report_after = waited + (2 * report_after).clamp(FIRST_REPORT, LONGEST_REPORT_INTERVAL);
            }
            tokio::time::sleep(pause).await;
        }
    }

    /// Tries each server once, for a connection that the pipeline can do without: neither a failure nor an event of the server is
    /// reported.
    ///
    /// # Errors
    /// No server can be used: why.
    pub(crate) async fn try_quietly(&mut self) -> Result<Connection, String> {
        self.is_quiet = true;
        let mut reasons = Vec::new();
        for server in self.servers_in_order() {
            match self.open(&server, ANSWER_TIMEOUT).await {
                Ok(connection) => return Ok(self.opened(&server, connection)),
                Err(failure) => reasons.push(format!("{server} ({failure})")),
            }
        }
        Err(reasons.join(", "))
    }

    fn opened(&mut self, server: &Server, connection: Connection) -> Connection {
        self.discovered.clone_from(&connection.discovered);
        self.last = Some(server.clone());
        connection
    }

    /// Records the outcome of an attempt, and reports a new refusal where there are other servers.
    fn record(&mut self, server: &Server, outcome: Result<(), &ConnectFailure>, has_others: bool) {
        let Some(refusal) = self.refusals.record(server, outcome).filter(|_| has_others) else { return };
        let (what, hint) = (describe(&refusal, &self.uri.identity()), self.hint(&refusal.reason));
        report(Level::Warn, &self.name, format_args!("{what}{hint}; this server is skipped"));
    }

    /// # Errors
    /// Every server refuses us: while the pipeline starts, or for longer than the options allow. A running pipeline waits for
    /// servers that it only cannot use, as after a mistake in their TLS.
    fn check_refusals(&self, servers: &[Server], is_ready: bool) -> Result<()> {
        let Some((refusals, since)) = self.refusals.of_all(servers) else { return Ok(()) };
        let has_refused = refusals.iter().any(|refusal| refusal.reason == Reason::Credentials);
        let is_final = !is_ready || (has_refused && since.elapsed() >= self.options.refusal_deadline);
        if is_final { Err(self.refused(&refusals, is_ready.then_some(since))) } else { Ok(()) }
    }

    /// The source's or sink's name.
    pub(super) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Records that the connection to `server` broke, and what the server has said about it. Its session worked for so long, or not at all.
    pub(crate) fn connection_lost(&mut self, server: &Server, session: Duration, reason: Option<&str>) {
        if session >= STABLE_AFTER {
            self.backoff.reset();
        } else {
            let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            self.short_session = Some(format!("{server} (it closed the connection soon after it was opened{reason})"));
        }
    }

    /// Records that the last connection broke for a cause that is gone.
    pub(crate) fn break_explained(&mut self) {
        self.backoff.reset();
    }

    /// How long to wait before the next attempt.
    ///
    /// # Errors
    /// The deadline would pass in the meantime.
    fn next_pause(&mut self, reasons: &str, deadline: Option<Instant>) -> Result<Duration> {
        let pause = self.backoff.next_pause();
        match deadline {
            Some(at) if Instant::now() + pause > at => Err(self.unreachable(reasons)),
            _ => Ok(pause),
        }
    }

    async fn open(&self, server: &Server, timeout: Duration) -> Result<Connection, ConnectFailure> {
        let name = (&self.name, self.is_quiet);
        Connection::open(&self.uri, server, &self.options, name, self.capacity, timeout).await
    }

    /// The servers in the order in which to try them. The first time, it begins at a random one, so that clients spread over
    /// a cluster; later, at the one after the server that was lost. Servers that only the cluster announced come last.
    fn servers_in_order(&self) -> Vec<Server> {
        let mut servers = self.uri.servers.clone();
        let count = servers.len().max(1);
        let begin = match self.last.as_ref().and_then(|last| servers.iter().position(|server| server == last)) {
            Some(last) => last + 1,
            None => fastrand::usize(..count),
        };
        servers.rotate_left(begin % count);
        let known = |server: &&Server| !self.uri.servers.contains(server);
        servers.extend(self.discovered.iter().filter(known).cloned());
        servers
    }

    /// The error where every server refuses us: why, and since when if the pipeline has run.
    fn refused(&self, refusals: &[&Refusal], since: Option<Since>) -> Error {
        let identity = self.uri.identity();
        let mut text = refusals.iter().map(|refusal| describe(refusal, &identity)).collect::<Vec<_>>().join("; ");
        if let Some(since) = since {
            text.push_str(&format!(", since {since} (`Options::refusal_deadline`)"));
        }
        let mut hints: Vec<_> = refusals.iter().map(|refusal| self.hint(&refusal.reason)).collect();
        hints.dedup();
        text.push_str(&hints.concat());
        let has_refused = refusals.iter().any(|refusal| refusal.reason == Reason::Credentials);
        let kind = if has_refused { ErrorKind::Authorization } else { ErrorKind::Connect };
        Error::new(kind, format!("{}: {text}", self.name))
    }

    /// What the user can do about a reason, after a semicolon.
    fn hint(&self, reason: &Reason) -> &'static str {
        let reason = match reason {
            Reason::Credentials if self.uri.credentials.is_some() => return "",
            Reason::Credentials => {
                return "; put credentials into the URI (nats://user:password@host or nats://token@host) or into \
                        `nats::Options`";
            }
            Reason::Unusable(reason) => reason,
        };
        let has = |text: &str| reason.contains(text);
        if has("does not use it") && self.options.tls_first {
            "; if the server sends INFO before the TLS handshake, remove `tls_first`; if it has no TLS, give it a certificate"
        } else if has("does not use it") {
            "; use nats:// in the URI and no option that requires TLS, or give the server a certificate"
        } else if (has("UnknownIssuer") || has("BadSignature")) && self.options.ca_file.is_none() {
            "; the server's certificate is not signed by an authority that this machine trusts: name its authority with \
             `Options::ca_file` or in SSL_CERT_FILE"
        } else if has("UnknownIssuer") || has("BadSignature") {
            "; the server's certificate is not signed by an authority in `Options::ca_file`"
        } else if has("not valid for name") || has("NotValidForName") {
            "; write the host in the URI as it is in the server's certificate"
        } else if has("CertificateRequired") {
            "; the server requires a client certificate: set one with `Options::client_certificate`"
        } else if has("received fatal alert") && self.options.client_certificate.is_some() {
            "; the server does not accept the client certificate"
        } else {
            ""
        }
    }

    fn unreachable(&self, reasons: &str) -> Error {
        let seconds = self.options.connect_deadline.as_secs_f32();
        let hint = if self.is_full {
            "or allow more time with `connect_deadline`"
        } else if reasons.contains("no answer") && !self.options.tls_first {
            "start the server, correct the URI, or allow more time with `connect_deadline`, or set `Options::tls_first` if the \
             server expects the TLS handshake first"
        } else {
            "start the server, correct the URI, or allow more time with `connect_deadline`"
        };
        let message = format!("{}: cannot reach {reasons}, tried for {seconds} s; {hint}", self.name);
        Error::new(ErrorKind::Connect, message)
    }
}

/// How long the next server may take, if so many are to be tried before the deadline: the others need their time, too.
fn answer_timeout(deadline: Option<Instant>, servers: usize) -> Duration {
    let left =
        deadline.map_or(ANSWER_TIMEOUT, |at| at.saturating_duration_since(Instant::now()) / servers.max(1) as u32);
    left.clamp(SHORTEST_TIMEOUT, ANSWER_TIMEOUT)
}

/// A refusal in words.
fn describe(refusal: &Refusal, identity: &str) -> String {
    let server = &refusal.server;
    match &refusal.reason {
        Reason::Credentials => format!("{server} does not accept {identity} (authorization violation)"),
        Reason::Unusable(reason) => format!("cannot connect to {server}: {reason}"),
    }
}
