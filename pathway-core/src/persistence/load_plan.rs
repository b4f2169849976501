//! With which of its states each operator of a program continues.

use std::collections::{BTreeSet, HashMap};

use super::PieceOf;
use super::manifest::{Checkpoint, StateSize};
use super::migration::Migration;
use super::program::{NodeRole, check_tail, describe, rebuild_cure};
use super::session::PersistentState;
use crate::data::{Error, ErrorKind, KeptRows, Layout, Result};

/// A state of an operator of this program.
pub(crate) struct ProgramState {
    /// The name of its node.
    pub(crate) node: String,
    /// Its label in the node.
    pub(crate) label: &'static str,
    pub(crate) layout: Layout,
    /// Whether its rows can have other columns than those in the checkpoint.
    pub(crate) kept_rows: KeptRows,
    /// Whether the operator cannot do without it.
    pub(crate) is_needed: bool,
}

/// Why a program cannot continue.
struct Refusal<'a> {
    what: String,
    /// The operator that has changed, if one of them is the reason.
    changed: Option<&'a str>,
}

/// What is done with the pieces of a checkpoint.
pub(crate) struct LoadPlan {
    /// The states that are loaded.
    states: Vec<StateSize>,
    /// How those are loaded that have changed, by node and label.
    migrations: HashMap<(String, String), Migration>,
}

impl LoadPlan {
    /// The name of the node for which a piece is, and how it is written again; `None` if nobody wants it.
    pub(crate) fn of(&self, piece: &PieceOf) -> Option<(&str, Option<&Migration>)> {
        // An operator that was dropped can be followed by one with the same name.
        let is_it = |state: &&StateSize| state.written_as == piece.node && state.label == piece.label;
        let state = self.states.iter().find(is_it)?;
        Some((&state.node, self.migrations.get(&(state.node.clone(), state.label.clone()))))
    }
}

impl PersistentState {
    /// Decides with which of its states in the checkpoint each operator continues. `states` are those of the first worker, which has
    /// all of them.
    ///
    /// # Errors
    /// An operator cannot continue, and the settings do not say what to do.
    pub(crate) fn plan_load(&self, checkpoint: &Checkpoint, states: &[ProgramState]) -> Result<LoadPlan> {
        let mut migrations = HashMap::new();
        let mut empty = self.new_operators(states)?;
        let mut refusal = None;
        for state in states.iter().filter(|state| !empty.contains(&state.node)) {
            let before = checkpoint.states.iter().find(|it| it.node == state.node && it.label == state.label);
            let migration = match before {
                Some(before) => Migration::new(&before.layout, &state.layout, state.kept_rows),
                None if state.is_needed => Err("it keeps this state only now".to_owned()),
                None => Ok(None),
            };
            match migration {
                Ok(migration) => {
                    migrations.extend(migration.map(|it| ((state.node.clone(), state.label.to_owned()), it)));
                }
                Err(_) if self.change.may_rebuild.contains(&state.node) => self.change.rebuild(&state.node),
                Err(reason) => {
                    self.change.rebuild(&state.node);
                    refusal.get_or_insert_with(|| Refusal {
                        what: format!("has another state `{}` of `{}`: {reason}", state.label, state.node),
                        changed: Some(&state.node),
                    });
                }
            }
        }
        if let Some(refusal) = self.rebuild_what_depends(checkpoint, &mut empty, refusal) {
            return self.refuse_rebuilds(&refusal);
        }
        let rebuilt = self.change.rebuilt();
        migrations.retain(|(node, _), _| !rebuilt.contains(node));
        let loaded: Vec<_> = checkpoint.states.iter().filter(|it| !rebuilt.contains(&it.node)).cloned().collect();
        let mut adopted = loaded.clone();
        let mut is_new = !rebuilt.is_empty();
        for state in states.iter().filter(|it| migrations.contains_key(&(it.node.clone(), it.label.to_owned()))) {
            for before in adopted.iter_mut().filter(|it| it.node == state.node && it.label == state.label) {
                let before = before.migrated_to.replace(state.layout.clone());
                is_new |= before.as_ref() != Some(&state.layout);
            }
        }
        if is_new {
            check_tail(&self.store.name_of(None), self.commits().saturating_sub(checkpoint.commit))?;
        }
        if !migrations.is_empty() || checkpoint.states.iter().any(|state| state.written_as != state.node) {
            // Parts that are written from now on do not continue those that are there.
            self.checkpoints.write_all();
        }
        adopted.extend(states.iter().filter(|state| empty.contains(&state.node)).map(|state| StateSize {
            node: state.node.clone(),
            // The parts have nothing of it.
            written_as: String::new(),
            label: state.label.to_owned(),
            layout: state.layout.clone(),
            migrated_to: None,
            keys: 0,
        }));
        self.change.set_states(adopted, is_new);
        Ok(LoadPlan { states: loaded, migrations })
    }

    /// The operators with state that the program before did not have.
    fn new_operators(&self, states: &[ProgramState]) -> Result<BTreeSet<String>> {
        let new: BTreeSet<_> =
            states.iter().map(|state| &state.node).filter(|name| self.change.is_new(name)).cloned().collect();
        let is_allowed = |name: &&String| self.change.empty.contains(name) || self.change.may_rebuild.contains(name);
        if let Some(name) = new.iter().find(|name| !is_allowed(name)) {
            let node = self.change.program.iter().find(|node| node.name == *name);
            let what = node.map_or_else(|| format!("`{name}`"), |node| describe(&self.change.program, node));
            return self.refuse_change(
                format!("has no state of {what}, which is new in this program"),
                &format!(
                    "say `.starts_empty(\"{name}\")` to begin with an empty one, or give the operator the name that it had (`named`)"
                ),
            );
        }
        Ok(new)
    }

    /// What an operator begins with must fit to what the operators around it have: those that have rows of it lose them, too, and
    /// so do those whose rows it does not get again. `empty` are the new operators. Returns why the program is refused.
    fn rebuild_what_depends<'a>(
        &self,
        checkpoint: &Checkpoint,
        empty: &mut BTreeSet<String>,
        mut refusal: Option<Refusal<'a>>,
    ) -> Option<Refusal<'a>> {
        let program = &self.change.program;
        loop {
            let rebuilt = self.change.rebuilt();
            empty.extend(rebuilt.iter().cloned());
            let has_rows = |name: &str| {
                !empty.contains(name) && checkpoint.states.iter().any(|state| state.node == name && state.keys > 0)
            };
            let mut wanted: Vec<(&str, &str, &str)> = Vec::new();
            for (number, node) in program.iter().enumerate().filter(|(_, node)| rebuilt.contains(&node.name)) {
                let behind = self.behind(number).filter(|name| has_rows(name));
                wanted.extend(behind.map(|name| (name, node.name.as_str(), "has rows that come from the state of")));
            }
            for (number, node) in program.iter().enumerate().filter(|(_, node)| empty.contains(&node.name)) {
                let before = self.changing_before(number, &has_rows, empty);
                let what = "has rows that are removed later, and that are not sent again to";
                wanted.extend(before.into_iter().map(|name| (name, node.name.as_str(), what)));
                let was_sent = |name: &&str| {
                    !rebuilt.contains(*name) && checkpoint.sources.iter().any(|source| source.start.name == *name)
                };
                let tables = self.static_tables_before(number, checkpoint).into_iter().filter(was_sent);
                let what = "is a table of rows in the program, and these are not sent again to";
                wanted.extend(tables.map(|name| (name, node.name.as_str(), what)));
            }
            let is_refused = |name: &str| !self.change.may_rebuild.iter().any(|it| it == name);
            if let Some((name, node, what)) = wanted.iter().find(|(name, ..)| is_refused(name)) {
                refusal.get_or_insert_with(|| Refusal {
                    what: format!(
                        "has state of `{name}`, which {what} `{node}`, and `{node}` begins with an empty state"
                    ),
                    changed: None,
                });
            }
            if wanted.is_empty() {
                return refusal;
            }
            wanted.iter().for_each(|(name, ..)| self.change.rebuild(name));
        }
    }

    /// Refuses a program, with all operators that are to be rebuilt.
    fn refuse_rebuilds<T>(&self, Refusal { what, changed }: &Refusal<'_>) -> Result<T> {
        let mut missing = self.change.rebuilt();
        missing.retain(|name| !self.change.may_rebuild.contains(name));
        let calls: String = missing.iter().map(|name| format!(".rebuild(\"{name}\")")).collect();
        let cure = match changed {
            Some(name) if missing.len() == 1 => rebuild_cure(&self.change.program, name),
            Some(_) => format!(
                "say `{calls}` to lose these states, and begin with empty ones: some have changed, and the others have rows that come \
                 from them, or that are not sent again; or run that program"
            ),
            None => format!("say `{calls}`, too"),
        };
        self.refuse_change(what.clone(), &cure)
    }

    /// The nodes that read a node, or one that reads it.
    fn behind(&self, number: usize) -> impl Iterator<Item = &str> {
        let program = &self.change.program;
        let mut reached = vec![false; program.len()];
        reached[number] = true;
        for (reader, node) in program.iter().enumerate() {
            // A node is declared behind those that it reads.
            let reads = node.inputs.iter().any(|input| reached.get(*input as usize).copied().unwrap_or_default());
            reached[reader] |= reads;
        }
        reached[number] = false;
        program.iter().zip(reached).filter(|(_, is_reached)| *is_reached).map(|(node, _)| node.name.as_str())
    }

    /// The nodes before a node whose rows can be removed, and that have some.
    fn changing_before(&self, number: usize, has_rows: &impl Fn(&str) -> bool, empty: &BTreeSet<String>) -> Vec<&str> {
        let program = &self.change.program;
        let (mut found, mut seen, mut next) = (Vec::new(), BTreeSet::new(), vec![number]);
        while let Some(node) = next.pop().and_then(|number| program.get(number)) {
            for input in node.inputs.iter().map(|input| *input as usize).filter(|input| seen.insert(*input)) {
                match program.get(input).filter(|node| !node.append_only) {
                    Some(node) if has_rows(&node.name) => found.push(node.name.as_str()),
                    Some(node) if !empty.contains(&node.name) => next.push(input),
                    _ => {}
                }
            }
        }
        found
    }

    /// The static tables before a node, those behind operators with state left out.
    fn static_tables_before(&self, number: usize, checkpoint: &Checkpoint) -> Vec<&str> {
        let program = &self.change.program;
        let (mut found, mut seen, mut next) = (Vec::new(), BTreeSet::new(), vec![number]);
        while let Some(node) = next.pop().and_then(|number| program.get(number)) {
            for input in node.inputs.iter().map(|input| *input as usize).filter(|input| seen.insert(*input)) {
                let Some(node) = program.get(input) else { continue };
                if node.role == NodeRole::Source && node.is_static {
                    found.push(node.name.as_str());
                } else if checkpoint.states.iter().all(|state| state.node != node.name) {
                    next.push(input);
                }
            }
        }
        found
    }

    fn refuse_change<T>(&self, what: String, cure: &str) -> Result<T> {
        let message = format!("the directory `{}` {what}: {cure}", self.store.name_of(None));
        Err(Error::new(ErrorKind::Persistence, message))
    }
}
