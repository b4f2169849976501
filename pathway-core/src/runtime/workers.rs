//! Where the workers of a pipeline run.

use std::fmt;
use std::time::Duration;

/// The workers of a pipeline, for [`Pipeline::start_with`](crate::plan::Pipeline::start_with): a number of threads, or one process of
/// a [`Cluster`].
#[derive(Clone, Debug)]
pub struct Workers(Place);

#[derive(Clone, Debug)]
enum Place {
    Threads { threads: usize, is_encoded: bool },
    Process(Cluster),
}

impl Workers {
    /// What threads exchange is encoded and decoded, as between processes. For tests: it is only slower.
    #[doc(hidden)]
    #[must_use]
    pub fn encoded(self) -> Self {
        match self.0 {
            Place::Threads { threads, .. } => Workers(Place::Threads { threads, is_encoded: true }),
            Place::Process(_) => self,
        }
    }

    /// The process of a cluster, if the workers are in one.
    pub(super) fn cluster(&self) -> Option<&Cluster> {
        match &self.0 {
            Place::Threads { .. } => None,
            Place::Process(cluster) => Some(cluster),
        }
    }

    /// How timely runs workers that are all in this process.
    pub(super) fn config(&self) -> timely::Config {
        let (threads, is_encoded) = match &self.0 {
            Place::Threads { threads, is_encoded } => (*threads, *is_encoded),
            Place::Process(cluster) => (cluster.threads, false),
        };
        if threads == 1 {
            // There is no other worker to wait for, and the thread that wakes this one needs the core.
            let mut config = timely::Config::thread();
            config.worker = config.worker.idle_spin(Duration::ZERO);
            return config;
        }
        let mut config = timely::Config::process(threads);
        if is_encoded {
            config.communication = timely::CommunicationConfig::ProcessBinary(threads);
        }
        config
    }
}

impl From<usize> for Workers {
    fn from(threads: usize) -> Self {
        Workers(Place::Threads { threads, is_encoded: false })
    }
}

impl From<Cluster> for Workers {
    fn from(cluster: Cluster) -> Self {
        Workers(Place::Process(cluster))
    }
}

impl fmt::Display for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Threads { threads, is_encoded } => {
                write!(f, "{threads} {}workers", if *is_encoded { "encoding " } else { "" })
            }
            Place::Process(Cluster { addresses, process, threads, .. }) => {
                write!(f, "{threads} workers in process {process} of {}", addresses.len())
            }
        }
    }
}

/// One process of a pipeline that runs in several, each with the same program.
///
/// The first process has all sources and sinks. The keys of all operators are spread over the workers of all processes, so that
/// several machines share the memory and the work of one pipeline; its results are the same as those of one process.
///
/// The environment says the same, for [`Pipeline::run`](crate::plan::Pipeline::run) and [`Pipeline::start`](crate::plan::Pipeline::start):
/// `PATHWAY_PROCESSES`, `PATHWAY_PROCESS_ID`, `PATHWAY_THREADS`, `PATHWAY_ADDRESSES` or `PATHWAY_FIRST_PORT`, and
/// `PATHWAY_CLUSTER_SECRET`.
///
/// What the processes tell each other is not encrypted: connect them by a private network. A process listens only on its own address.
///
/// ```
/// use pathway::cluster::Cluster;
/// use pathway::prelude::*;
///
/// #[derive(Clone, Debug, PartialEq, Schema)]
/// struct Count { key: i64, n: i64 }
///
/// # let ports: Vec<_> = (0..2).map(|_| std::net::TcpListener::bind("127.0.0.1:0")).collect::<Result<_, _>>()?;
/// # let addresses: Vec<_> = ports.iter().map(|port| port.local_addr().map(|address| address.to_string())).collect::<Result<_, _>>()?;
/// # drop(ports);
/// // Both would be programs of their own: the same one, started twice.
/// let processes = [0, 1].map(|process| {
///     let cluster = Cluster::of(addresses.clone()).process(process).threads(2);
///     let pipeline = Pipeline::named("counts");
///     let rows = pipeline.rows([1, 2, 1].map(|key| Count { key, n: 0 }));
///     let seen = reduce!(r in rows by r.key => Count { r.key, n: count() }).collect();
///     std::thread::spawn(move || pipeline.start_with(cluster)?.join().map(|_| seen.rows()))
/// });
/// let [first, second] = processes.map(|process| process.join().expect("no panic"));
/// assert_eq!(first?, [Count { key: 1, n: 2 }, Count { key: 2, n: 1 }]);
/// assert!(second?.is_empty()); // Results leave the first process.
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Cluster {
    pub(super) addresses: Vec<String>,
    pub(super) process: usize,
    pub(super) threads: usize,
    pub(super) secret: Option<String>,
}

impl Cluster {
    /// The first process of those that have these addresses, `host:port` each. They must be the same in all processes.
    pub fn of(addresses: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let addresses = addresses.into_iter().map(Into::into).collect();
        Cluster { addresses, process: 0, threads: 1, secret: None }
    }

    /// Which process this one is: the place of its address, from 0. Default: 0.
    #[must_use]
    pub fn process(self, process: usize) -> Self {
        Cluster { process, ..self }
    }

    /// The number of workers of each process, the same in all of them. Default: 1.
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        Cluster { threads, ..self }
    }

    /// What all processes know and nobody else does, so that no other program can join them. Default: none, which is refused where
    /// an address is not of this machine alone.
    #[must_use]
    pub fn secret(self, secret: impl Into<String>) -> Self {
        Cluster { secret: Some(secret.into()), ..self }
    }

    /// Whether this process has the sources and sinks.
    pub(super) fn is_first(&self) -> bool {
        self.process == 0
    }
}

/// The secret is left out.
impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cluster { addresses, process, threads, secret: _ } = self;
        let mut cluster = f.debug_struct("Cluster");
        cluster.field("addresses", addresses).field("process", process).field("threads", threads);
        cluster.finish_non_exhaustive()
    }
}
