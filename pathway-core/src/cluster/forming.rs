//! Brings the processes of a cluster together, as often as it takes.
//!
//! 1. Each process connects to process 0 and waits (`Join`).
//! 2. When all have, process 0 tells them a random number, the epoch (`Form`).
//! 3. Each connects to the others with lower numbers (`Mesh`), takes the connections of those with higher ones, and says so
//!    (`Meshed`).
//! 4. When all have, process 0 says that the cluster is formed (`Formed`). Only then anything else is sent.
//!
//! Whatever is lost in between, all connections are closed, and it begins again.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::time::{Interval, MissedTickBehavior, interval_at, sleep, timeout};

use super::conversation::{Broken, Conversation};
use super::handshake::{self, Failure, Identity, Purpose};
use super::links::{Links, interval};
use super::listener::{self, Listener};
use super::reception::Reception;
use super::settings::ClusterSettings;
use super::{follow, lead};
use crate::data::{Error, ErrorKind, Result};

/// How long a process may be silent before it is lost.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// The longest message of a forming.
pub(super) const LONGEST: usize = 64 << 10;

/// How often to look whether the pipeline has stopped.
const TICK: Duration = Duration::from_millis(50);

/// How often in a row the other side must close the connection where it would prove that it knows the secret, before this is an
/// error: it may also have ended in that moment.
const STRANGE_ENDS: usize = 3;

/// What process 0 and the others say to each other.
#[derive(Serialize, Deserialize)]
pub(super) enum Message {
    /// Process 0 waits for these.
    Waits(Vec<usize>),
    /// All have joined: connect to each other.
    Form(u64),
    /// This process is connected to all.
    Meshed,
    /// All are.
    Formed,
}

/// What happens while a cluster forms, or when somebody connects to it who may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Others are not there yet. It is said after a while, and then again and again.
    Waits(String),
    /// A connection was refused.
    Refused(String),
    /// A connection was lost. The forming goes on, or begins again.
    Interrupted(String),
}

/// What is called with each [`Progress`], on any thread.
pub(crate) type Report = Arc<dyn Fn(Progress) + Send + Sync>;

/// How long everything may take.
#[derive(Clone, Debug)]
pub(super) struct Timing {
    /// How long another process may be silent.
    pub(super) patience: Duration,
    /// How long a handshake may take.
    pub(super) handshake: Duration,
    /// How long all processes together may take to connect to each other.
    pub(super) mesh: Duration,
    /// How long a process waits until it says so, and until it says so again.
    pub(super) waits: (Duration, Duration),
    /// The first and the longest pause before something is tried again.
    pub(super) pause: (Duration, Duration),
    /// How long a busy port is tried.
    pub(super) bind: Duration,
}

/// A process of a cluster, to which the others can connect.
pub(crate) struct Cluster {
    pub(super) settings: Arc<ClusterSettings>,
    pub(super) timing: Timing,
    pub(super) identity: Arc<Identity>,
    pub(super) reception: Arc<Reception>,
    report: Report,
    /// Takes connections until it is dropped.
    _listener: Listener,
}

/// Connections to all other processes.
pub(super) struct Formed {
    pub(super) epoch: u64,
    pub(super) conversations: Vec<(usize, Conversation)>,
}

/// Why a forming has not come to its end.
#[derive(Debug)]
pub(super) enum Setback {
    /// The pipeline is to stop.
    Stopped,
    /// This process cannot take part.
    Refused(String),
    /// All begin again.
    Lost(String),
}

impl Cluster {
    /// Begins to listen on the address of this process. The patience is how long another process may be silent.
    pub(crate) fn new(settings: ClusterSettings, patience: Duration, report: Report) -> Result<Cluster> {
        settings.check()?;
        let timing = Timing::new(patience);
        let address = &settings.addresses[settings.process];
        let listener = listener::bind(address, timing.bind).map_err(|error| {
            let process = settings.process;
            Error::new(ErrorKind::Config, format!("process {process} cannot listen on {address}")).with_source(error)
        })?;
        Cluster::listening(listener, settings, timing, report)
    }

    /// Listens on this socket.
    pub(super) fn listening(
        listener: std::net::TcpListener,
        settings: ClusterSettings,
        timing: Timing,
        report: Report,
    ) -> Result<Cluster> {
        let settings = Arc::new(settings);
        let identity = Arc::new(Identity::new(Arc::clone(&settings)));
        let reception = Arc::new(Reception::new(settings.addresses.len()));
        let (door, visitors) = (Arc::clone(&identity), Arc::clone(&reception));
        let listener = Listener::start(listener, door, visitors, Arc::clone(&report), &timing).map_err(no_system)?;
        Ok(Cluster { settings, timing, identity, reception, report, _listener: listener })
    }

    /// Waits until all processes are connected to each other; gives nothing if `stopped` says that nobody waits for it any more.
    ///
    /// It can be called again whenever the links of the last time are dropped.
    ///
    /// # Errors
    /// Another process refuses this one: it runs another program, or knows another secret.
    pub(crate) fn form(&self, stopped: &dyn Fn() -> bool) -> Result<Option<Links>> {
        let runtime = runtime::Builder::new_current_thread().enable_io().enable_time().build().map_err(no_system)?;
        let formed = runtime.block_on(self.try_to_form(stopped));
        // The name of a host may still be looked up, on a thread of the runtime, after nobody waits for it.
        runtime.shutdown_background();
        formed
    }

    async fn try_to_form(&self, stopped: &dyn Fn() -> bool) -> Result<Option<Links>> {
        let round = Round { cluster: self, stopped };
        let mut waiting = round.waiting();
        let mut pause = Pause::new(&self.timing);
        loop {
            let attempt = match self.settings.process {
                0 => lead::lead(&round, &mut waiting).await,
                _ => follow::follow(&round, &mut waiting).await,
            };
            let setback = match attempt.and_then(|formed| self.link(formed)) {
                Ok(links) => return Ok(Some(links)),
                Err(setback) => setback,
            };
            self.reception.release();
            match setback {
                Setback::Stopped => return Ok(None),
                Setback::Refused(reason) => return Err(Error::new(ErrorKind::Config, reason)),
                Setback::Lost(reason) => self.report(Progress::Interrupted(reason)),
            }
            if round.unless_stopped(sleep(pause.next())).await.is_err() {
                return Ok(None);
            }
        }
    }

    fn link(&self, formed: Formed) -> Result<Links, Setback> {
        let Formed { epoch, conversations } = formed;
        Links::new(&self.settings, &self.reception, epoch, self.timing.patience, conversations)
            .map_err(|error| Setback::Lost(format!("this process cannot use its connections: {error}")))
    }

    pub(super) fn report(&self, progress: Progress) {
        (self.report)(progress);
    }

    /// Connects to another process, if it lets us.
    async fn connect(&self, peer: usize, purpose: Purpose) -> Result<Conversation, Failure> {
        let connect = async {
            let stream = TcpStream::connect(&self.settings.addresses[peer]).await.map_err(Broken::Io)?;
            if stream.local_addr().ok() == stream.peer_addr().ok() {
                // A connection to a port from which the system lets us connect, if nobody listens there.
                return Err(Failure::Later("nobody listens there".into()));
            }
            let conversation = Conversation::new(stream).map_err(Broken::Io)?;
            handshake::connect(&self.identity, conversation, peer, purpose).await
        };
        let deadline = self.timing.handshake;
        timeout(deadline, connect).await.unwrap_or_else(|_| Err(Failure::Later(format!("no answer in {deadline:?}"))))
    }
}

/// One call of [`Cluster::form`].
pub(super) struct Round<'a> {
    pub(super) cluster: &'a Cluster,
    stopped: &'a dyn Fn() -> bool,
}

impl Round<'_> {
    /// Connects to another process, as soon as it lets us.
    pub(super) async fn reach(
        &self,
        peer: usize,
        purpose: Purpose,
        waiting: &mut Waiting,
    ) -> Result<Conversation, Setback> {
        let name = self.cluster.settings.name(peer);
        let mut pause = Pause::new(&self.cluster.timing);
        let mut strange_ends = 0;
        loop {
            let failure = match self.unless_stopped(self.cluster.connect(peer, purpose)).await? {
                Ok(conversation) => return Ok(conversation),
                Err(Failure::Refused(reason)) => return Err(Setback::Refused(reason)),
                Err(failure) => failure,
            };
            strange_ends = if matches!(failure, Failure::NotOfCluster) { strange_ends + 1 } else { 0 };
            if strange_ends == STRANGE_ENDS {
                return Err(Setback::Refused(format!("{name} and this process are {failure}")));
            }
            waiting.look(self.cluster, || format!("{name}: {failure}"));
            self.unless_stopped(sleep(pause.next())).await?;
        }
    }

    /// Does something until the pipeline is to stop.
    pub(super) async fn unless_stopped<T>(&self, something: impl Future<Output = T>) -> Result<T, Setback> {
        let mut something = std::pin::pin!(something);
        let mut ticks = self.ticks();
        loop {
            self.check()?;
            tokio::select! {
                biased;
                done = &mut something => return Ok(done),
                _ = ticks.tick() => {}
            }
        }
    }

    /// Whether to go on.
    pub(super) fn check(&self) -> Result<(), Setback> {
        if (self.stopped)() { Err(Setback::Stopped) } else { Ok(()) }
    }

    /// When to look at what does not happen by itself.
    pub(super) fn ticks(&self) -> Interval {
        let period = self.tick();
        let mut ticks = interval_at(tokio::time::Instant::now() + period, period);
        // A process that was stopped for a while has not listened meanwhile.
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks
    }

    fn tick(&self) -> Duration {
        TICK.min(interval(self.cluster.timing.patience)).max(Duration::from_millis(1))
    }

    /// A tick has passed for a conversation.
    pub(super) async fn pass(&self, conversation: &mut Conversation) -> Result<(), Broken> {
        let patience = self.cluster.timing.patience;
        conversation.pass(self.tick(), interval(patience), patience).await
    }

    /// A process is lost.
    pub(super) fn lost(&self, process: usize, broken: &Broken) -> Setback {
        Setback::Lost(format!("{} was lost: {broken}", self.cluster.settings.name(process)))
    }

    pub(super) fn waiting(&self) -> Waiting {
        Waiting { next: Instant::now() + self.cluster.timing.waits.0 }
    }
}

/// Says for whom a process waits, if that takes long.
pub(super) struct Waiting {
    next: Instant,
}

impl Waiting {
    pub(super) fn look(&mut self, cluster: &Cluster, whom: impl FnOnce() -> String) {
        let now = Instant::now();
        if now >= self.next {
            self.next = now + cluster.timing.waits.1;
            cluster.report(Progress::Waits(format!("waits for {}", whom())));
        }
    }
}

/// Pauses that grow.
struct Pause {
    next: Duration,
    longest: Duration,
}

impl Pause {
    fn new(timing: &Timing) -> Pause {
        Pause { next: timing.pause.0, longest: timing.pause.1 }
    }

    fn next(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.longest);
        pause
    }
}

impl Timing {
    pub(super) fn new(patience: Duration) -> Timing {
        Timing {
            patience,
            handshake: Duration::from_secs(2),
            mesh: Duration::from_secs(10),
            waits: (Duration::from_secs(2), Duration::from_secs(10)),
            pause: (Duration::from_millis(200), Duration::from_secs(2)),
            bind: Duration::from_secs(2),
        }
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Progress::Waits(text) | Progress::Refused(text) | Progress::Interrupted(text)) = self;
        f.write_str(text)
    }
}

fn no_system(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Connect, "the system has no thread or no socket for the cluster").with_source(error)
}
