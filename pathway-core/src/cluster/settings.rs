//! What a process knows of its cluster, and what must be the same in all processes.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::data::{Error, ErrorKind, Result, excerpt};

/// The most processes of a cluster. Each has a link to each other one, and two threads for it.
pub(super) const MOST_PROCESSES: usize = 256;

/// How many bytes of two long values are shown before the first one that differs.
const BEFORE_DIFFERENCE: usize = 16;

/// What a process knows of its cluster.
#[derive(Clone)]
pub(crate) struct ClusterSettings {
    /// `host:port` of each process.
    pub(crate) addresses: Vec<String>,
    /// The number of this process: its place in `addresses`.
    pub(crate) process: usize,
    /// The number of workers of each process.
    pub(crate) threads: usize,
    /// What all processes know, and nobody else.
    pub(crate) secret: Option<String>,
    /// Further values, by name, that must be equal in all processes: the version, the operators.
    pub(crate) facts: Vec<(String, String)>,
}

/// What must be the same in all processes, as one process tells it to another.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Shared {
    addresses: Vec<String>,
    threads: u64,
    facts: Vec<(String, String)>,
}

impl ClusterSettings {
    /// Checks what can be checked without the other processes.
    pub(super) fn check(&self) -> Result<()> {
        let fail = |message: String| Err(Error::new(ErrorKind::Config, message));
        let processes = self.addresses.len();
        if !(2..=MOST_PROCESSES).contains(&processes) {
            return fail(format!("a cluster has 2 to {MOST_PROCESSES} processes, and this one has {processes}"));
        }
        if self.process >= processes {
            let (process, last) = (self.process, processes - 1);
            return fail(format!("there is no process {process} in a cluster whose processes are 0 to {last}"));
        }
        if self.threads == 0 {
            return fail("a process of a cluster has at least one thread".into());
        }
        if self.secret.as_deref() == Some("") {
            return fail("PATHWAY_CLUSTER_SECRET is empty: set it to a long random text, or not at all".into());
        }
        for (process, address) in self.addresses.iter().enumerate() {
            let Some((host, _)) = split(address) else {
                let shown = excerpt(address);
                return fail(format!("the address `{shown}` of process {process} is not of the form `host:port`"));
            };
            if let Some(other) = self.addresses[..process].iter().position(|other| other == address) {
                return fail(format!("process {other} and process {process} have the same address {address}"));
            }
            if self.secret.is_none() && !is_loopback(host) {
                return fail(format!(
                    "process {process} has the address {address}, which other machines can reach: set \
                     PATHWAY_CLUSTER_SECRET to one long random text in all processes, so that nobody else can join them"
                ));
            }
        }
        Ok(())
    }

    /// A process, for people.
    pub(super) fn name(&self, process: usize) -> String {
        match self.addresses.get(process) {
            Some(address) => format!("process {process} ({address})"),
            None => format!("process {process}"),
        }
    }

    /// Some processes, for people.
    pub(super) fn names(&self, processes: &[usize]) -> String {
        let names: Vec<_> = processes.iter().map(|process| self.name(*process)).collect();
        names.join(", ")
    }

    /// What the other processes must have as well.
    pub(super) fn shared(&self) -> Shared {
        let (addresses, facts) = (self.addresses.clone(), self.facts.clone());
        Shared { addresses, threads: self.threads as u64, facts }
    }

    /// Says what another process has that this one does not, and what to do.
    pub(super) fn difference(&self, process: usize, theirs: &Shared) -> Option<String> {
        let (ours, own) = (self.shared(), self.process);
        let numbers = (theirs.addresses.len(), ours.addresses.len());
        if numbers.0 != numbers.1 {
            return Some(format!(
                "process {process} is one of {} processes, and process {own} is one of {}: set PATHWAY_PROCESSES or \
                 PATHWAY_ADDRESSES to the same everywhere",
                numbers.0, numbers.1
            ));
        }
        if theirs.threads != ours.threads {
            return Some(format!(
                "process {process} has {} threads, and process {own} has {}: set PATHWAY_THREADS to the same number \
                 everywhere",
                theirs.threads, ours.threads
            ));
        }
        let mut addresses = theirs.addresses.iter().zip(&ours.addresses).enumerate();
        if let Some((of, (theirs, ours))) = addresses.find(|(_, (theirs, ours))| theirs != ours) {
            return Some(format!(
                "process {process} has the address {} for process {of}, and process {own} has {}: set PATHWAY_ADDRESSES \
                 or PATHWAY_FIRST_PORT to the same everywhere",
                excerpt(theirs),
                excerpt(ours)
            ));
        }
        different_fact(process, &theirs.facts, own, &ours.facts)
    }
}

/// The secret is left out.
impl fmt::Debug for ClusterSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ClusterSettings { addresses, process, threads, secret: _, facts } = self;
        let mut settings = f.debug_struct("ClusterSettings");
        settings.field("addresses", addresses).field("process", process).field("threads", threads);
        settings.field("facts", facts).finish_non_exhaustive()
    }
}

/// The first fact that one has otherwise than the other, or not at all.
fn different_fact(
    process: usize,
    theirs: &[(String, String)],
    own: usize,
    ours: &[(String, String)],
) -> Option<String> {
    const CURE: &str = "run the same program everywhere";
    let value = |facts: &[(String, String)], name: &str| {
        facts.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone())
    };
    let names = ours.iter().chain(theirs).map(|(name, _)| name.as_str());
    names
        .filter_map(|name| different_value(name, (process, value(theirs, name)), (own, value(ours, name))))
        .next()
        .map(|difference| format!("{difference}: {CURE}"))
}

/// Says how two processes differ in a fact.
fn different_value(
    name: &str,
    (process, theirs): (usize, Option<String>),
    (own, ours): (usize, Option<String>),
) -> Option<String> {
    let name = excerpt(name);
    match (theirs, ours) {
        (Some(theirs), Some(ours)) if theirs != ours => {
            let (theirs, ours) = (from_difference(&theirs, &ours), from_difference(&ours, &theirs));
            Some(format!("process {process} has the {name} {theirs}, and process {own} has {ours}"))
        }
        (Some(theirs), None) => {
            let theirs = excerpt(&theirs);
            Some(format!("process {process} has the {name} {theirs}, and process {own} has none"))
        }
        (None, Some(ours)) => {
            Some(format!("process {process} has no {name}, and process {own} has {}", excerpt(&ours)))
        }
        _ => None,
    }
}

/// An excerpt of a value, in which one sees where it differs from another one.
fn from_difference(value: &str, other: &str) -> String {
    let same = value.bytes().zip(other.bytes()).take_while(|(ours, theirs)| ours == theirs).count();
    let whole = excerpt(value);
    if value.len().max(other.len()) <= crate::data::EXCERPT_LIMIT || same <= BEFORE_DIFFERENCE {
        return whole;
    }
    let from = value.floor_char_boundary(same - BEFORE_DIFFERENCE);
    format!("…{}", excerpt(&value[from..]))
}

/// Host and port of an address.
fn split(address: &str) -> Option<(&str, u16)> {
    let (host, port) = address.rsplit_once(':')?;
    let host = match host.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']')?,
        None if host.contains(':') => return None,
        None => host,
    };
    let port = port.parse().ok().filter(|port| *port != 0)?;
    (!host.is_empty()).then_some((host, port))
}

/// Whether only processes of this machine reach a host. Of a name nothing is known but of this one.
fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}
