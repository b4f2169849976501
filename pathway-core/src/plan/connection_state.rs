//! Whether a source or a sink has its connections, as its threads say.

use std::sync::{Mutex, PoisonError};

/// Whether a source or a sink that has connected has lost a connection since.
#[derive(Debug, Default)]
pub struct ConnectionState(Mutex<Connections>);

#[derive(Debug, Default)]
struct Connections {
    /// A source with several readers has a connection for each.
    lost: usize,
    /// The first one that is not back.
    first: Option<Lost>,
}

/// A connection that broke and is not back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Since when, in unix milliseconds.
    pub since: u64,
    /// What broke: `the connection to nats://localhost:4222 broke`. It has no credentials.
    pub what: String,
}

impl ConnectionState {
    /// A connection broke.
    pub fn lost(&self, since: u64, what: String) {
        let mut connections = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        connections.lost += 1;
        connections.first.get_or_insert(Lost { since, what });
    }

    /// A connection that broke is back.
    pub fn returned(&self) {
        let mut connections = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        connections.lost = connections.lost.saturating_sub(1);
        if connections.lost == 0 {
            connections.first = None;
        }
    }

    /// Since when one is lost; `None` if all are there.
    pub fn current(&self) -> Option<Lost> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).first.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_connections_must_be_back() {
        let state = ConnectionState::default();
        assert_eq!(state.current(), None);
        state.lost(5, "one".to_owned());
        state.lost(6, "two".to_owned());
        state.returned();
        assert_eq!(state.current(), Some(Lost { since: 5, what: "one".to_owned() }));
        state.returned();
        assert_eq!(state.current(), None);
    }
}
