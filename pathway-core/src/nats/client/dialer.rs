//! How a connection is made, and made again.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::connect_failure::ConnectFailure;
use super::{Connection, Credentials, NatsUri, Options, Server, tls};
use crate::data::{Error, ErrorKind, Result};
use crate::telemetry::{Level, report};

/// The pause after the first failed round over all servers; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How long one server may take to answer.
const ANSWER: Duration = Duration::from_secs(5);
/// How often "still not there" is reported: first after this, then ever less often.
const FIRST_REPORT: Duration = Duration::from_secs(5);
const RAREST_REPORT: Duration = Duration::from_secs(60);

/// Makes the connections of one end of a pipeline, one after the other.
pub(crate) struct Dialer {
    endpoint: NatsUri,
    options: Options,
    /// The source's or sink's name: in the server's list of connections, and in reports.
    part: Arc<str>,
    /// How many messages a subscription holds before it drops any.
    capacity: usize,
    /// Servers of the same cluster that the last connection told of.
    discovered: Vec<Server>,
    /// The server of the last connection, to begin with the next one.
    last: Option<Server>,
}

impl Dialer {
    pub(crate) fn new(endpoint: NatsUri, options: Options, part: Arc<str>, capacity: usize) -> Self {
        let endpoint = endpoint.with(&options);
        Dialer { endpoint, options, part, capacity, discovered: Vec::new(), last: None }
    }

    pub(crate) fn endpoint(&self) -> &NatsUri {
        &self.endpoint
    }

    /// Makes the first connection, within the deadline.
    ///
    /// # Errors
    /// A file of the options can't be used; no server could be reached in time; or one refused the credentials, or can't be
    /// used.
    pub(crate) async fn first(&mut self) -> Result<Connection> {
        let checked = self.endpoint.credentials().map_or(Ok(()), Credentials::check);
        checked.and_then(|()| tls::check(&self.options)).map_err(|error| self.of_this_part(error))?;
        let limit = self.options.connect_deadline;
        self.dial(Some(limit), 1).await
    }

    /// Makes another connection after one has broken, however long it takes.
    ///
    /// # Errors
    /// The server refuses the credentials, and did so twice: once may be a cluster that is starting.
    pub(crate) async fn again(&mut self) -> Result<Connection> {
        self.dial(None, 2).await
    }

    async fn dial(&mut self, limit: Option<Duration>, refusals: usize) -> Result<Connection> {
        let start = Instant::now();
        let mut pause = FIRST_PAUSE;
        let mut report_after = Duration::ZERO;
        let mut refused = 0;
        loop {
            let mut reasons = Vec::new();
            for server in self.order() {
                let left = limit.map_or(ANSWER, |limit| limit.saturating_sub(start.elapsed()).min(ANSWER));
                // Even when the time is over, a server that listens gets its chance.
                let left = left.max(FIRST_PAUSE);
                let reason = match self.open(&server, left).await {
                    Ok(connection) => {
                        if !reasons.is_empty() || report_after > Duration::ZERO {
                            report(Level::Info, &self.part, format_args!("connected to {server}"));
                        }
                        self.discovered.clone_from(&connection.discovered);
                        self.last = Some(server);
                        return Ok(connection);
                    }
                    Err(ConnectFailure::Credentials) => {
                        refused += 1;
                        if refused >= refusals {
                            return Err(self.unauthorized(&server));
                        }
                        "it refuses the credentials".to_owned()
                    }
                    Err(ConnectFailure::Unusable(reason)) if limit.is_some() => {
                        return Err(self.unusable(&server, &reason));
                    }
                    Err(ConnectFailure::Unusable(reason) | ConnectFailure::Away(reason)) => reason,
                };
                reasons.push(format!("{server} ({reason})"));
            }
            let reasons = reasons.join(", ");
            let waited = start.elapsed();
            if limit.is_some_and(|limit| waited + pause > limit) {
                return Err(self.unreachable(&reasons));
            }
            if waited >= report_after {
                let until = limit.map_or("until it is back".to_owned(), |limit| {
                    format!("for another {} s", (limit - waited).as_secs_f32().ceil())
                });
                report(Level::Warn, &self.part, format_args!("cannot reach {reasons} yet; retrying {until}"));
                report_after = waited + (2 * report_after).clamp(FIRST_REPORT, RAREST_REPORT);
            }
            tokio::time::sleep(pause + jitter(pause)).await;
            pause = (2 * pause).min(LONGEST_PAUSE);
        }
    }

    async fn open(&self, server: &Server, patience: Duration) -> Result<Connection, ConnectFailure> {
        Connection::open(&self.endpoint, server, &self.options, &self.part, self.capacity, patience).await
    }

    /// The servers in the order in which to try them: at first from a random one on, so that clients spread over a
    /// cluster; later from the one after that which was lost, and those at last that only the cluster told of.
    fn order(&self) -> Vec<Server> {
        let mut servers = self.endpoint.servers.clone();
        let begin = match self.last.as_ref().and_then(|last| servers.iter().position(|server| server == last)) {
            Some(last) => last + 1,
            None => RandomState::new().hash_one(0) as usize,
        };
        let count = servers.len();
        servers.rotate_left(begin % count.max(1));
        let known = |server: &&Server| !self.endpoint.servers.contains(server);
        servers.extend(self.discovered.iter().filter(known).cloned());
        servers
    }

    fn unauthorized(&self, server: &Server) -> Error {
        let (part, identity) = (&self.part, self.endpoint.identity());
        let message = match self.endpoint.credentials {
            None => format!(
                "{part}: {server} does not let {identity} in (authorization violation); \
                 put credentials into the URI: nats://user:password@host or nats://token@host, \
                 or into `nats::Options`"
            ),
            Some(_) => format!("{part}: {server} does not accept {identity} (authorization violation)"),
        };
        Error::new(ErrorKind::Authorization, message)
    }

    fn unusable(&self, server: &Server, reason: &str) -> Error {
        let cure = self.cure(reason);
        Error::new(ErrorKind::Connect, format!("{}: cannot connect to {server}: {reason}{cure}", self.part))
    }

    /// What to do about a reason, after a semicolon.
    fn cure(&self, reason: &str) -> &'static str {
        let has = |text: &str| reason.contains(text);
        if has("does not speak it") && self.options.tls_first {
            "; where the server greets first, leave `tls_first` out; where it has no TLS, give it a certificate"
        } else if has("does not speak it") {
            "; use nats:// in the URI, and no option that demands TLS, or give the server a certificate"
        } else if (has("UnknownIssuer") || has("BadSignature")) && self.options.ca_file.is_none() {
            "; no authority that this machine trusts has signed the server's certificate: name its authority with \
             `Options::ca_file`, or in SSL_CERT_FILE"
        } else if has("UnknownIssuer") || has("BadSignature") {
            "; no authority of `Options::ca_file` has signed the server's certificate"
        } else if has("not valid for name") || has("NotValidForName") {
            "; write the host in the URI as the server's certificate has it"
        } else if has("CertificateRequired") {
            "; the server wants to see a certificate of ours: give one with `Options::client_certificate`"
        } else if has("received fatal alert") && self.options.client_certificate.is_some() {
            "; the server does not accept our client certificate"
        } else {
            ""
        }
    }

    fn unreachable(&self, reasons: &str) -> Error {
        let seconds = self.options.connect_deadline.as_secs_f32();
        let hint = if reasons.contains("no answer") && !self.options.tls_first {
            ", or say `Options::tls_first` where the server waits for TLS before it greets"
        } else {
            ""
        };
        let message = format!(
            "{}: cannot reach {reasons}, tried for {seconds} s; \
             start the server, correct the URI, or give it longer with `connect_deadline`{hint}",
            self.part
        );
        Error::new(ErrorKind::Connect, message)
    }

    fn of_this_part(&self, error: Error) -> Error {
        error.of_component(&self.part)
    }
}

/// Up to a quarter of a pause, so that the clients of a server that returns don't all come at once.
fn jitter(pause: Duration) -> Duration {
    pause.mul_f64((RandomState::new().hash_one(0) % 256) as f64 / 1024.0)
}
