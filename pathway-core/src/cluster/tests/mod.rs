//! Tests of whole clusters, whose processes are threads, and of links and pipes.

mod faults;
mod forming;
mod leaks;
mod pipes;
mod proxy;
mod refusals;
mod settings;

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::forming::Timing;
use super::link::OnLost;
use super::{Cluster, ClusterSettings, Link, Links, OnControl, Progress};
use crate::data::Result;

/// A patience that no test wants to wait for.
pub(super) const LONG: Duration = Duration::from_secs(60);

/// A patience for tests in which a link is silent.
const SHORT: Duration = Duration::from_millis(400);

/// The processes of a cluster, before they begin.
struct Processes {
    listeners: Vec<TcpListener>,
    settings: ClusterSettings,
    timing: Timing,
}

/// What a process has reported.
#[derive(Clone, Default)]
struct Reports(Arc<Mutex<Vec<Progress>>>);

impl Processes {
    fn new(number: usize) -> Processes {
        let listeners: Vec<_> = (0..number).map(|_| listener()).collect();
        let settings = ClusterSettings {
            addresses: listeners.iter().map(address).collect(),
            process: 0,
            threads: 2,
            secret: Some("a secret".into()),
            facts: vec![("version".into(), "0.1.0".into()), ("pipeline".into(), "orders".into())],
        };
        let pause = (Duration::from_millis(5), Duration::from_millis(50));
        Processes { listeners, settings, timing: Timing { pause, ..Timing::new(LONG) } }
    }

    fn patience(mut self, patience: Duration) -> Self {
        self.timing.patience = patience;
        self
    }

    /// One of the processes, which may have settings of its own.
    fn start_with(&self, process: usize, change: impl FnOnce(&mut ClusterSettings)) -> (Cluster, Reports) {
        let mut settings = ClusterSettings { process, ..self.settings.clone() };
        change(&mut settings);
        let listener = self.listeners[process].try_clone().expect("a socket");
        let reports = Reports::default();
        let report = reports.clone();
        let report = Arc::new(move |progress| report.0.lock().expect("no panic").push(progress));
        let cluster = Cluster::listening(listener, settings, self.timing.clone(), report).expect("a cluster");
        (cluster, reports)
    }

    fn start(&self, process: usize) -> Cluster {
        self.start_with(process, |_| {}).0
    }

    fn start_all(&self) -> Vec<Cluster> {
        (0..self.listeners.len()).map(|process| self.start(process)).collect()
    }
}

impl Reports {
    fn has(&self, is_it: impl Fn(&Progress) -> bool) -> bool {
        self.0.lock().expect("no panic").iter().any(is_it)
    }

    fn has_refused(&self, text: &str) -> bool {
        self.has(|progress| matches!(progress, Progress::Refused(refused) if refused.contains(text)))
    }

    fn has_waited(&self, text: &str) -> bool {
        self.has(|progress| matches!(progress, Progress::Waits(waits) if waits.contains(text)))
    }
}

/// All of them form, each on a thread of its own.
fn form_all<'a>(clusters: impl IntoIterator<Item = &'a Cluster>) -> Vec<Links> {
    thread::scope(|scope| {
        let forming: Vec<_> = clusters.into_iter().map(|cluster| scope.spawn(|| form(cluster))).collect();
        forming.into_iter().map(|forming| forming.join().expect("no panic").expect("formed")).collect()
    })
}

/// Forms, unless it takes too long.
fn form(cluster: &Cluster) -> Result<Links> {
    let begin = std::time::Instant::now();
    let links = cluster.form(&|| begin.elapsed() > pathway_testkit::DEADLINE)?;
    Ok(links.expect("formed before the deadline"))
}

fn listener() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port")
}

fn address(listener: &TcpListener) -> String {
    listener.local_addr().expect("an address").to_string()
}

/// Two ends of a connection.
pub(super) fn sockets() -> (TcpStream, TcpStream) {
    let listener = listener();
    let one = TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
    (one, listener.accept().expect("a connection").0)
}

/// A link that nobody watches.
pub(super) fn link(peer: usize, socket: TcpStream, patience: Duration) -> io::Result<Arc<Link>> {
    let on_lost: OnLost = Box::new(|_, _| {});
    Ok(Arc::new(Link::new(peer, socket, Vec::new(), patience, on_lost)?))
}

fn no_control() -> OnControl {
    Arc::new(|_, _| {})
}
