//! Tells the other processes what they must know, and does what they say.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::messages::{Failure, FromFirst, ToFirst};
use crate::cluster::{Kind, Link, Links, OnControl};
use crate::data::{Commit, Error, ErrorKind};
use crate::plan::{Control, OtherProcesses};
use crate::telemetry::Counter;

/// The other processes: all of them for the first one, which is the only one for the others.
pub(super) struct Peers {
    links: Vec<Arc<Link>>,
    is_first: bool,
    /// The others know that the pipeline stops.
    stops: AtomicBool,
    /// They know that it ends.
    ends: AtomicBool,
}

impl Peers {
    pub(super) fn new(links: &Links, process: usize) -> Self {
        let is_first = process == 0;
        let links = links.iter().filter(|link| is_first || link.peer() == 0).cloned().collect();
        Peers { links, is_first, stops: AtomicBool::new(false), ends: AtomicBool::new(false) }
    }

    fn send(&self, message: &impl Serialize) {
        match postcard::to_stdvec(message) {
            Ok(bytes) => self.links.iter().for_each(|link| link.send(Kind::Control, &bytes)),
            Err(error) => self.links.iter().for_each(|link| link.fail(&format!("cannot encode a message: {error}"))),
        }
    }

    /// What to do with a message of another process. It runs on the thread that reads what the workers exchange.
    pub(super) fn on_control(self: &Arc<Self>, control: &Control, clock: &Arc<Counter>) -> OnControl {
        let (peers, control, clock) = (Arc::clone(self), control.clone(), Arc::clone(clock));
        Arc::new(move |peer, bytes| match peers.is_first {
            true => read(bytes, peer, &control).into_iter().for_each(|message| peers.hear(message, peer, &control)),
            false => read(bytes, peer, &control).into_iter().for_each(|message| peers.obey(message, &control, &clock)),
        })
    }

    /// The first process hears of another one.
    fn hear(&self, message: ToFirst, peer: usize, control: &Control) {
        match message {
            ToFirst::Stop => control.stop(),
            ToFirst::Failed(Some(failure)) => control.fail(failure.into_error(peer)),
            ToFirst::Failed(None) => control.abandon(),
        }
    }

    /// Another process hears of the first one.
    fn obey(&self, message: FromFirst, control: &Control, clock: &Counter) {
        match message {
            FromFirst::Seal { commit, time } => {
                clock.set(time);
                control.set_open_commit(commit);
            }
            FromFirst::CatchingUp(is_catching_up) => control.set_catching_up(is_catching_up),
            FromFirst::End(failure) => {
                self.stops.store(true, Ordering::Relaxed);
                self.ends.store(true, Ordering::Relaxed);
                match failure {
                    Some(failure) => control.fail(failure.into_error(0)),
                    None => control.abandon(),
                }
            }
        }
    }
}

/// A message that cannot be read fails the pipeline: another program has sent it.
fn read<T: DeserializeOwned>(bytes: &[u8], peer: usize, control: &Control) -> Option<T> {
    let message = postcard::from_bytes(bytes);
    if let Err(error) = &message {
        let message = format!("process {peer} has sent something else than a message: {error}");
        control.fail(Error::new(ErrorKind::Cluster, message));
    }
    message.ok()
}

impl OtherProcesses for Peers {
    fn seal(&self, commit: Commit, time: u64) {
        if self.is_first {
            self.send(&FromFirst::Seal { commit, time });
        }
    }

    fn set_catching_up(&self, is_catching_up: bool) {
        if self.is_first {
            self.send(&FromFirst::CatchingUp(is_catching_up));
        }
    }

    fn stop(&self) {
        // The dataflow of the first process ends by itself then, and with it all others.
        if !self.is_first && !self.stops.swap(true, Ordering::Relaxed) {
            self.send(&ToFirst::Stop);
        }
    }

    fn end(&self, error: Option<(ErrorKind, String)>) {
        if self.ends.swap(true, Ordering::Relaxed) {
            return;
        }
        let failure = error.map(|(kind, message)| Failure::new(kind, message));
        match self.is_first {
            true => self.send(&FromFirst::End(failure)),
            false => self.send(&ToFirst::Failed(failure)),
        }
    }
}
