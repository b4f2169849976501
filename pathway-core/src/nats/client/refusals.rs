//! The servers that refuse us or cannot be used: why, and since when.

use std::fmt;
use std::time::{Duration, Instant};

use super::Server;
use super::connect_failure::ConnectFailure;
use crate::data::DateTimeUtc;

/// The servers that refuse us or cannot be used, each once.
#[derive(Debug, Default)]
pub(super) struct Refusals(Vec<Refusal>);

/// A server that refuses us or cannot be used.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) server: Server,
    pub(super) reason: Reason,
    since: Since,
}

/// Why a server is of no use until something is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// It does not accept the credentials.
    Credentials,
    /// It is no NATS server, or its TLS does not fit.
    Unusable(String),
}

/// Since when. As text: `2026-01-02 03:04:05 UTC, for 30 s`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Since {
    instant: Instant,
    time: DateTimeUtc,
}

impl Refusals {
    /// Whether this server refuses us or cannot be used.
    pub(super) fn contains(&self, server: &Server) -> bool {
        self.0.iter().any(|refusal| refusal.server == *server)
    }

    /// Records the outcome of an attempt. Returns the refusal if it is new, or has another reason than the last one.
    pub(super) fn record(&mut self, server: &Server, outcome: Result<(), &ConnectFailure>) -> Option<Refusal> {
        let reason = match outcome {
            Err(ConnectFailure::Credentials) => Reason::Credentials,
            Err(ConnectFailure::Permanent(reason)) => Reason::Unusable(reason.clone()),
            Ok(()) | Err(ConnectFailure::Full(_) | ConnectFailure::Temporary(_)) => {
                self.0.retain(|refusal| refusal.server != *server);
                return None;
            }
        };
        let since = match self.0.iter().position(|refusal| refusal.server == *server) {
            Some(known) if self.0[known].reason == reason => return None,
            Some(known) => self.0.remove(known).since,
            None => Since::now(),
        };
        self.0.push(Refusal { server: server.clone(), reason, since });
        self.0.last().cloned()
    }

    /// The refusals of these servers, and since when there is one for each. `None`: not each of them refuses us.
    pub(super) fn of_all(&self, servers: &[Server]) -> Option<(Vec<&Refusal>, Since)> {
        let refusals = servers.iter().map(|server| self.0.iter().find(|refusal| refusal.server == *server));
        let refusals = refusals.collect::<Option<Vec<_>>>()?;
        let since = refusals.iter().map(|refusal| refusal.since).max_by_key(|since| since.instant)?;
        Some((refusals, since))
    }
}

impl Since {
    fn now() -> Self {
        Since { instant: Instant::now(), time: DateTimeUtc::now() }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.instant.elapsed()
    }
}

impl fmt::Display for Since {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, for {:.1} s", self.time.strftime("%Y-%m-%d %H:%M:%S UTC"), self.elapsed().as_secs_f32())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_servers_refuse_since_the_last_of_them_does() {
        let server = |port| Server { host: "h".to_owned(), port, tls: false };
        let (a, b) = (server(1), server(2));
        let mut refusals = Refusals::default();
        let unusable = ConnectFailure::Permanent("it is not a NATS server".to_owned());
        assert!(refusals.record(&a, Err(&ConnectFailure::Credentials)).is_some());
        assert!(refusals.record(&a, Err(&ConnectFailure::Credentials)).is_none(), "it is known");
        assert!(refusals.of_all(&[a.clone(), b.clone()]).is_none());
        let first = refusals.of_all(std::slice::from_ref(&a)).expect("a refusal").1;
        refusals.record(&b, Err(&unusable));
        let (all, since) = refusals.of_all(&[a.clone(), b.clone()]).expect("refusals");
        assert_eq!((all.len(), since.instant >= first.instant), (2, true));
        // A server that only cannot be reached does not refuse us.
        refusals.record(&b, Err(&ConnectFailure::Temporary("no answer".to_owned())));
        assert!(refusals.contains(&a) && !refusals.contains(&b));
        refusals.record(&a, Ok(()));
        assert!(!refusals.contains(&a));
    }
}
