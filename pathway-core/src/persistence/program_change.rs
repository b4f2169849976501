//! A pipeline that continues with a program that has changed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::manifest::{Checkpoint, Manifest, OutputPosition};
use super::restore_point::RestorePoint;
use super::session::{PersistentState, lock, remove_unused};
use super::{NodeIdentity, Persistence, Record, SourceStart, SourceState, StateSize};
use crate::data::Result;

/// How a program differs from the one that the state is of.
pub(super) struct ProgramChange {
    /// The nodes of this program.
    pub(super) program: Vec<NodeIdentity>,
    /// The names that the nodes of the program before have here, if it is another one.
    renamed: Option<HashMap<String, String>>,
    /// Sinks that wrote to other subjects, or in another way, so that the sequences of their streams say something else.
    other_outputs: Vec<String>,
    /// Operators that may begin with an empty state.
    pub(super) empty: Vec<String>,
    /// Operators whose state may be lost if they cannot continue with it.
    pub(super) may_rebuild: Vec<String>,
    /// Those that begin with an empty state, although there is one.
    rebuilt: Mutex<BTreeSet<String>>,
    /// What the operators of this program have of the checkpoint: nothing, if they begin with an empty state.
    states: Mutex<Vec<StateSize>>,
    /// Whether some of that has changed.
    has_new_states: AtomicBool,
    is_adopted: AtomicBool,
    /// Where the streams of new sinks end, until the program is adopted.
    new_bases: Mutex<BTreeMap<String, OutputPosition>>,
}

impl ProgramChange {
    /// No difference.
    pub(super) fn new(program: Vec<NodeIdentity>, Persistence { empty, rebuild, .. }: &Persistence) -> Self {
        ProgramChange {
            program,
            renamed: None,
            other_outputs: Vec::new(),
            empty: empty.clone(),
            may_rebuild: rebuild.clone(),
            rebuilt: Mutex::default(),
            states: Mutex::default(),
            has_new_states: AtomicBool::new(false),
            is_adopted: AtomicBool::new(false),
            new_bases: Mutex::default(),
        }
    }

    pub(super) fn set_renamed(&mut self, renamed: HashMap<String, String>) {
        self.renamed = Some(renamed);
    }

    /// A sink wrote to other subjects, or in another way.
    pub(super) fn add_other_output(&mut self, sink: &str) {
        self.other_outputs.push(sink.to_owned());
    }

    /// An operator begins with an empty state.
    pub(super) fn rebuild(&self, name: &str) {
        lock(&self.rebuilt).insert(name.to_owned());
    }

    /// The operators that begin with an empty state, although there is one.
    pub(super) fn rebuilt(&self) -> BTreeSet<String> {
        lock(&self.rebuilt).clone()
    }

    /// Says what the operators of this program have of the checkpoint, and whether some of that has changed.
    pub(super) fn set_states(&self, states: Vec<StateSize>, has_new_states: bool) {
        *lock(&self.states) = states;
        self.has_new_states.store(has_new_states, Ordering::Release);
    }

    /// Whether the state is of another program.
    pub(super) fn is_changed(&self) -> bool {
        self.renamed.is_some()
    }

    /// Whether the program before has no such operator.
    pub(super) fn is_new(&self, name: &str) -> bool {
        self.renamed.as_ref().is_some_and(|renamed| renamed.values().all(|known| known != name))
    }

    /// Gives sources and operators the names that they have here. What is gone is removed.
    pub(super) fn rename(&self, checkpoint: &mut Checkpoint) {
        let Some(renamed) = &self.renamed else { return };
        checkpoint.states.retain_mut(|state| match renamed.get(&state.node) {
            Some(name) => {
                state.node.clone_from(name);
                true
            }
            None => false,
        });
        checkpoint.sources.retain(|source| renamed.contains_key(&source.start.name));
        checkpoint.sources.iter_mut().for_each(|source| self.rename_source(&mut source.start));
    }

    /// Gives a source the name that it has here; none if it is gone.
    pub(super) fn rename_source(&self, start: &mut SourceStart) {
        if let Some(renamed) = &self.renamed {
            start.name = renamed.get(&start.name).cloned().unwrap_or_default();
        }
    }

    /// The name of a sink in the manifest; `None` if the manifest does not know it.
    pub(super) fn name_before<'a>(&'a self, sink: &'a str) -> Option<&'a str> {
        match &self.renamed {
            Some(renamed) if !self.is_adopted.load(Ordering::Acquire) => {
                renamed.iter().find(|(_, now)| *now == sink).map(|(before, _)| before.as_str())
            }
            _ => Some(sink),
        }
    }

    /// The manifest's last sequences of streams, by the names that sinks have here.
    fn bases(&self, before: &BTreeMap<String, OutputPosition>) -> BTreeMap<String, OutputPosition> {
        let new = std::mem::take(&mut *lock(&self.new_bases));
        let known = before.iter().filter_map(|(sink, base)| match &self.renamed {
            Some(renamed) => Some((renamed.get(sink)?.clone(), base.clone())),
            None => Some((sink.clone(), base.clone())),
        });
        known.chain(new).collect()
    }
}

impl PersistentState {
    /// Whether the program must be [adopted](PersistentState::adopt_program) before it computes anything new.
    pub(crate) fn must_adopt(&self) -> bool {
        self.change.is_changed() || self.change.has_new_states.load(Ordering::Acquire)
    }

    /// Whether an operator begins with an empty state, or a static table with all of its rows, although the checkpoint has them.
    pub(crate) fn is_rebuilt(&self, name: &str) -> bool {
        self.change.rebuilt().contains(name)
    }

    /// Gives the sources of a log the names that they have here.
    pub(crate) fn rename_sources(&self, starts: &mut [SourceStart]) {
        starts.iter_mut().for_each(|start| self.change.rename_source(start));
    }

    /// The pipeline continues with a program that has changed: from now on, the directory is that program's. `sources` are its
    /// sources. Nothing was computed yet.
    pub(crate) fn adopt_program(&self, sources: Vec<SourceState>) -> Result<()> {
        let number = {
            let mut log = lock(&self.log);
            let number = log.begin_file()?;
            log.append(&Record::Start(sources.iter().map(|source| source.start.clone()).collect()))?;
            number
        };
        let mut manifest = lock(&self.manifest);
        let states = std::mem::take(&mut *lock(&self.change.states));
        let checkpoint = self.checkpoint().cloned().map(|checkpoint| Checkpoint { sources, states, ..checkpoint });
        let mut known = manifest.known.clone();
        known.extend(manifest.program.iter().map(|node| node.name.clone()));
        let outputs = self.change.bases(&manifest.latest.outputs);
        let program = self.change.program.clone();
        // The logs behind earlier checkpoints are of the program before.
        let (latest, earlier) = (RestorePoint::new(checkpoint, number, outputs), Vec::new());
        let new = Manifest { program, known, latest, earlier, ..manifest.clone() };
        new.write(&*self.store)?;
        *manifest = new;
        self.change.is_adopted.store(true, Ordering::Release);
        // What is left of dropped operators goes with the next checkpoint.
        self.checkpoints.write_all();
        remove_unused(&*self.store, &manifest)
    }

    /// Where a sink's stream ended before the first message that is computed again, if the sink was started before.
    pub(crate) fn base(&self, sink: &str) -> Option<OutputPosition> {
        let manifest = lock(&self.manifest);
        let new = lock(&self.change.new_bases).get(sink).cloned();
        new.or_else(|| manifest.latest.outputs.get(self.change.name_before(sink)?).cloned())
    }

    /// Whether a sink wrote to other subjects, or in another way, in the program before, which was stopped in an orderly way.
    pub(crate) fn has_other_output(&self, sink: &str) -> bool {
        self.change.other_outputs.iter().any(|other| other == sink)
    }

    /// Remembers where a sink's stream ends before a sink with another output writes into it: nothing is, before the program is
    /// adopted.
    pub(crate) fn set_new_base(&self, sink: &str, position: OutputPosition) {
        lock(&self.change.new_bases).insert(sink.to_owned(), position);
    }

    /// Remembers where a sink's stream ends before the sink writes into it.
    pub(crate) fn set_base(&self, sink: &str, position: OutputPosition) -> Result<()> {
        let mut manifest = lock(&self.manifest);
        match self.change.name_before(sink).map(str::to_owned) {
            Some(name) => {
                manifest.latest.outputs.insert(name, position);
                manifest.write(&*self.store)
            }
            // Nothing is written into it before the program is adopted.
            None => {
                self.set_new_base(sink, position);
                Ok(())
            }
        }
    }
}
