//! How far the operators are: what seals a commit, and what tells that it is through.

use std::cell::Cell;
use std::rc::Rc;

use ::timely::dataflow::operators::probe::Handle as Probe;

use super::local::Seal;
use super::timely::{self, Stream};
use crate::data::Commit;

/// Seals commits, and tells when they are through.
pub struct Progress(Kind);

enum Kind {
    /// What each operator has to do when a commit is sealed, in the order in which the operators were made: what an
    /// operator emits then is before those that read it.
    Alone(Vec<Seal>),
    Spread(Through),
}

/// Tells when a commit is through all of the dataflow.
#[derive(Default)]
struct Through {
    /// The first commit that each sink has not worked off. A sink tells this itself, because an operator behind it
    /// that does would cost every commit a round of the dataflow.
    sinks: Vec<Rc<Cell<Commit>>>,
    /// Watches the flows that nothing reads.
    unread: Probe<Commit>,
}

impl Progress {
    pub(super) fn alone() -> Self {
        Progress(Kind::Alone(Vec::new()))
    }

    pub(super) fn spread() -> Self {
        Progress(Kind::Spread(Through::default()))
    }

    pub(super) fn add_seal(&mut self, seal: Seal) {
        if let Kind::Alone(seals) = &mut self.0 {
            seals.push(seal);
        }
    }

    /// Where a sink keeps the first commit that it has not worked off.
    pub(super) fn watch(&mut self) -> Rc<Cell<Commit>> {
        let sink = Rc::default();
        if let Kind::Spread(through) = &mut self.0 {
            through.sinks.push(Rc::clone(&sink));
        }
        sink
    }

    pub(super) fn probe(&self, stream: &Stream<'_>) {
        if let Kind::Spread(through) = &self.0 {
            timely::watch(stream, &through.unread);
        }
    }

    /// Seals a commit, which all inlets have closed.
    pub(crate) fn seal(&mut self, commit: Commit) {
        match &mut self.0 {
            Kind::Alone(seals) => seals.iter_mut().for_each(|seal| seal(commit)),
            Kind::Spread(_) => {}
        }
    }

    /// Whether all commits before `next` are through.
    pub(crate) fn is_before(&self, next: Commit) -> bool {
        match &self.0 {
            Kind::Alone(_) => true,
            Kind::Spread(through) => {
                through.sinks.iter().all(|sink| sink.get() >= next) && !through.unread.less_than(&next)
            }
        }
    }
}
