//! The links of a process to all others, which are lost together.

use std::fmt;
use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::conversation::Conversation;
use super::link::Link;
use super::reception::Reception;
use super::settings::ClusterSettings;
use crate::telemetry;

/// How often a process says that it is there; more often if the patience is short.
const HEARTBEAT: Duration = Duration::from_millis(500);

/// The links of a process to all others.
///
/// When one is lost, all are: so the loss reaches all processes at once, whatever was cut. Dropping it closes them.
pub(crate) struct Links {
    /// One a process; none to this one.
    links: Vec<Option<Arc<Link>>>,
    group: Arc<Group>,
    epoch: u64,
    /// Says that this process is there, until it is dropped.
    _heartbeat: Heartbeat,
}

/// Which process was lost, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Loss {
    /// The number of the process.
    pub(crate) process: usize,
    name: String,
    reason: String,
}

type Callback = Box<dyn FnOnce(&Loss) + Send>;

/// What the links of a process have in common.
struct Group {
    settings: Arc<ClusterSettings>,
    reception: Arc<Reception>,
    links: OnceLock<Vec<Weak<Link>>>,
    loss: OnceLock<Loss>,
    on_lost: Mutex<Option<Callback>>,
}

impl Links {
    /// Makes links of connections, one to each other process.
    pub(super) fn new(
        settings: &Arc<ClusterSettings>,
        reception: &Arc<Reception>,
        epoch: u64,
        patience: Duration,
        conversations: impl IntoIterator<Item = (usize, Conversation)>,
    ) -> io::Result<Links> {
        let group = Arc::new(Group {
            settings: Arc::clone(settings),
            reception: Arc::clone(reception),
            links: OnceLock::new(),
            loss: OnceLock::new(),
            on_lost: Mutex::default(),
        });
        let mut links = vec![None; settings.addresses.len()];
        for (peer, conversation) in conversations {
            let (socket, received) = conversation.into_parts()?;
            let group = Arc::clone(&group);
            let on_lost = Box::new(move |peer: usize, reason: &str| group.lose(peer, reason));
            links[peer] = Some(Arc::new(Link::new(peer, socket, received, patience, on_lost)?));
        }
        let weak: Vec<_> = links.iter().flatten().map(Arc::downgrade).collect();
        let heartbeat = Heartbeat::start(weak.clone(), interval(patience))?;
        // Nothing reads or writes them before: none is lost yet, but for a ping.
        let _ = group.links.set(weak);
        if group.loss.get().is_some() {
            group.fail_all();
        }
        Ok(Links { links, group, epoch, _heartbeat: heartbeat })
    }

    /// The link to another process.
    pub(crate) fn link(&self, process: usize) -> Option<&Arc<Link>> {
        self.links.get(process)?.as_ref()
    }

    /// All links, in the order of the processes.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Link>> {
        self.links.iter().flatten()
    }

    /// A random number that all processes have, and no other forming.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The first process that was lost.
    pub(crate) fn lost(&self) -> Option<&Loss> {
        self.group.loss.get()
    }

    /// Says what is called at the first loss, once, on the thread that notices it; at once, if that was before. It must not drop
    /// the links.
    pub(crate) fn on_lost(&self, callback: impl FnOnce(&Loss) + Send + 'static) {
        let mut on_lost = self.group.on_lost.lock().unwrap_or_else(PoisonError::into_inner);
        match self.group.loss.get() {
            Some(loss) => {
                drop(on_lost);
                callback(loss);
            }
            None => *on_lost = Some(Box::new(callback)),
        }
    }
}

impl Drop for Links {
    fn drop(&mut self) {
        self.iter().for_each(|link| link.close());
        self.group.reception.release();
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").field("links", &self.links).field("lost", &self.lost()).finish_non_exhaustive()
    }
}

impl Group {
    fn lose(&self, process: usize, reason: &str) {
        let loss = Loss { process, name: self.settings.name(process), reason: reason.to_owned() };
        if self.loss.set(loss).is_err() {
            return;
        }
        self.fail_all();
        // Whoever was lost may come back from now on.
        self.reception.release();
        let callback = self.on_lost.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let (Some(callback), Some(loss)) = (callback, self.loss.get()) {
            callback(loss);
        }
    }

    /// Closes all connections, that of the lost process included.
    fn fail_all(&self) {
        let Some(loss) = self.loss.get() else { return };
        for link in self.links.get().into_iter().flatten().filter_map(Weak::upgrade) {
            match link.peer() == loss.process {
                true => link.fail(&loss.reason),
                false => link.give_up(loss.process, &loss.reason),
            }
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} was lost: {}", self.name, self.reason)
    }
}

/// How often a process says that it is there, where the others have this patience.
pub(super) fn interval(patience: Duration) -> Duration {
    HEARTBEAT.min(patience / 4)
}

/// The thread that sends the pings of all links. It ends when this is dropped.
struct Heartbeat {
    /// Taken when it is dropped, which ends the thread.
    end: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Heartbeat {
    fn start(links: Vec<Weak<Link>>, interval: Duration) -> io::Result<Heartbeat> {
        let (end, ended) = mpsc::channel::<()>();
        let thread = telemetry::spawn("pathway:heartbeat", move || {
            while ended.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                links.iter().filter_map(Weak::upgrade).for_each(|link| link.ping());
            }
        })?;
        Ok(Heartbeat { end: Some(end), thread: Some(thread) })
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.end.take();
        if let Some(thread) = self.thread.take().filter(|thread| thread.thread().id() != thread::current().id()) {
            // It panics only if a callback does, and that was printed.
            let _ = thread.join();
        }
    }
}
