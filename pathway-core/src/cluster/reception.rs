//! Where processes that have connected wait until the forming takes them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::handshake::{Purpose, Visitor};

/// One place a process: nothing here grows with the number of connections.
pub(super) struct Reception {
    places: Mutex<Vec<Place>>,
    arrived: Notify,
}

enum Place {
    Free,
    Waiting(Visitor),
    /// There is a connection to this process.
    Taken,
}

impl Reception {
    pub(super) fn new(processes: usize) -> Reception {
        Reception { places: Mutex::new((0..processes).map(|_| Place::Free).collect()), arrived: Notify::new() }
    }

    /// Lets a visitor wait; gives it back if there is a connection to this process. An earlier one that waits has given up, or
    /// has the same number: it is sent away, and may try again.
    pub(super) fn offer(&self, visitor: Visitor) -> Option<Visitor> {
        let mut places = self.lock();
        match places.get_mut(visitor.process) {
            Some(place @ (Place::Free | Place::Waiting(_))) => *place = Place::Waiting(visitor),
            _ => return Some(visitor),
        }
        self.arrived.notify_one();
        None
    }

    /// Returns when somebody may have come since the last call.
    pub(super) async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// Takes all who have come for a purpose.
    pub(super) fn take(&self, purpose: Purpose) -> Vec<Visitor> {
        let mut taken = Vec::new();
        for place in self.lock().iter_mut() {
            *place = match std::mem::replace(place, Place::Taken) {
                Place::Waiting(visitor) if visitor.purpose == purpose => {
                    taken.push(visitor);
                    Place::Taken
                }
                other => other,
            };
        }
        taken
    }

    /// There is no connection to this process any more.
    pub(super) fn free(&self, process: usize) {
        if let Some(place @ Place::Taken) = self.lock().get_mut(process) {
            *place = Place::Free;
        }
    }

    /// There is no connection to any process any more.
    pub(super) fn release(&self) {
        for place in self.lock().iter_mut().filter(|place| matches!(place, Place::Taken)) {
            *place = Place::Free;
        }
    }

    /// Whether there is a connection to this process.
    #[cfg(test)]
    pub(super) fn is_taken(&self, process: usize) -> bool {
        matches!(self.lock()[process], Place::Taken)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
