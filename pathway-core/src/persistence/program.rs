//! Which program a checkpoint is of, and which other programs can continue with it.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::Persistence;
use super::manifest::Manifest;
use super::matching::{Found, match_nodes};
use super::names::did_you_mean;
use super::program_change::ProgramChange;
use super::session::Identity;
use crate::data::{Error, ErrorKind, Result};

/// What tells a node from those of another program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NodeIdentity {
    /// Its name in the logs, which no other operator has.
    pub(crate) name: String,
    /// What this name was made of: a number was added if it was taken.
    pub(crate) base: String,
    pub(crate) role: NodeRole,
    /// The verb that has made it.
    pub(crate) kind: String,
    /// Its row, and its columns with their types.
    pub(crate) columns: String,
    /// Parameters without which its state means something else; empty if it has none.
    pub(crate) parameters: String,
    /// The numbers of the nodes that it reads.
    pub(crate) inputs: Vec<u32>,
    /// Whether its rows are never removed.
    pub(crate) append_only: bool,
    /// Whether its rows are there when the pipeline starts for the first time.
    pub(crate) is_static: bool,
}

/// What a node is, and with it, what it is known by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum NodeRole {
    #[default]
    Source,
    Sink,
    /// An operator to which the user has given no name.
    Operator,
    /// An operator with a name of its own.
    Named,
}

impl NodeIdentity {
    /// The parameter of a source that reads a bucket.
    pub(crate) const BUCKET: &str = "bucket";

    fn is_bucket(&self) -> bool {
        self.parameters.split("; ").any(|parameter| parameter == Self::BUCKET)
    }
}

impl Persistence {
    /// How this program differs from the one that the state is of.
    ///
    /// # Errors
    /// It is of another pipeline, or this program cannot continue.
    pub(super) fn check(&self, manifest: &Manifest, Identity { pipeline, program }: Identity) -> Result<ProgramChange> {
        let refuse = |what: String, cure: &str| {
            let message = format!("the directory `{}` {what}: {cure}", self.store.name_of(None));
            Err(Error::new(ErrorKind::Persistence, message))
        };
        if manifest.pipeline != pipeline {
            let what = format!("has the state of the pipeline `{}`, and this is `{pipeline}`", manifest.pipeline);
            return refuse(what, "use another directory, or the same name (`Pipeline::named`)");
        }
        let old = &manifest.program;
        self.check_names(&program, Some(manifest))?;
        let mut change = ProgramChange::new(program, self);
        if *old == change.program {
            return Ok(change);
        }
        let new = change.program.clone();
        let (states, others) = in_use(manifest);
        let positioned = positioned_sources(manifest);
        let mut renamed = HashMap::new();
        let found = match_nodes(old, &new, &self.empty);
        let mut changed = Vec::new();
        for (before, found) in old.iter().zip(found) {
            let (name, has_state) = (&before.name, states.contains(&before.name));
            match found {
                Found::Same(index) => {
                    let Some(now) = new.get(index) else { continue };
                    renamed.insert(name.clone(), now.name.clone());
                    if before.role == NodeRole::Sink && before.parameters != now.parameters {
                        change.add_other_output(&now.name);
                    }
                    let Some(what) = difference(before, now, has_state) else { continue };
                    if self.rebuild.contains(&now.name) {
                        change.rebuild(&now.name);
                    } else {
                        changed.push((index, what));
                    }
                }
                Found::Unclear(_) if has_state && self.dropped.contains(name) => {}
                Found::Unclear(candidates) if has_state || others.contains(name) => {
                    let candidates: Vec<_> =
                        candidates.iter().filter_map(|index| Some(format!("`{}`", new.get(*index)?.name))).collect();
                    let what = format!(
                        "has the state of {}, and more than one part of this program can be it: {}",
                        describe(old, before),
                        candidates.join(", ")
                    );
                    return refuse(what, unclear_cure(before.role));
                }
                Found::Gone if has_state && !self.dropped.contains(name) => {
                    let here = new.iter().find(|now| now.name == *name && before.role == NodeRole::Operator);
                    let here = here
                        .map_or(String::new(), |now| format!("; here, this is the name of {}", describe(&new, now)));
                    let what =
                        format!("has state of {}, which this program does not have{here}", describe(old, before));
                    let cure = format!(
                        "give the operator that name again (`named`), or say `.allow_dropped(\"{name}\")` to lose its state; an \
                         operator that has no name of its own is another one if it reads something else, or if its parameters \
                         have changed: name it in that program first"
                    );
                    return refuse(what, &cure);
                }
                Found::Gone if positioned.contains(name) && !self.dropped.contains(name) => {
                    let what = format!("says how far the source `{name}` was read, which this program does not have");
                    let cure = format!(
                        "give the source that name again (`name`), or say `.allow_dropped(\"{name}\")` to lose its position; a \
                         source with another name begins where its `start` says, and reads again what the state has"
                    );
                    return refuse(what, &cure);
                }
                Found::Unclear(_) | Found::Gone => {}
            }
        }
        if !changed.is_empty() {
            let mut names = with_rows_of(&changed, &new, manifest, &renamed);
            names.retain(|name| !self.rebuild.iter().any(|rebuilt| rebuilt == name));
            let what: Vec<_> = changed.into_iter().map(|(_, what)| what).collect();
            let what = format!("has the state of another program, in which {}", what.join(", and "));
            return refuse(what, &rebuild_cures(&new, &names));
        }
        change.set_renamed(renamed);
        Ok(change)
    }

    /// A name in the settings that nobody knows is a mistake. `None`: the directory is new.
    pub(super) fn check_names(&self, program: &[NodeIdentity], manifest: Option<&Manifest>) -> Result<()> {
        let mut known: BTreeSet<&str> = program.iter().map(|node| node.name.as_str()).collect();
        if let Some(manifest) = manifest {
            known.extend(manifest.program.iter().map(|node| node.name.as_str()));
            known.extend(manifest.known.iter().map(String::as_str));
        }
        // A new directory does not know what the program had before.
        let dropped = manifest.map_or([].as_slice(), |_| &self.dropped);
        let settings =
            [("starts_empty", self.empty.as_slice()), ("allow_dropped", dropped), ("rebuild", &self.rebuild)];
        for (setting, names) in settings {
            if let Some(name) = names.iter().find(|name| !known.contains(name.as_str())) {
                let message = format!(
                    "`.{setting}(\"{name}\")`: neither the program nor the directory `{}` has an operator with this name{}",
                    self.store.name_of(None),
                    did_you_mean(name, known.iter().copied())
                );
                return Err(Error::new(ErrorKind::Persistence, message));
            }
        }
        Ok(())
    }

    /// A program can only be changed if nothing is left to be computed by the one before.
    pub(super) fn check_tail(&self, commits_behind: u64) -> Result<()> {
        check_tail(&self.store.name_of(None), commits_behind)
    }
}

/// The names of nodes that have changed, and of those behind them that have rows of theirs, in the order of their declaration.
fn with_rows_of<'a>(
    changed: &[(usize, String)],
    program: &'a [NodeIdentity],
    manifest: &Manifest,
    renamed: &HashMap<String, String>,
) -> Vec<&'a str> {
    let states = manifest.latest.checkpoint.iter().flat_map(|checkpoint| &checkpoint.states);
    let with_rows: HashSet<&String> =
        states.filter(|state| state.keys > 0).filter_map(|state| renamed.get(&state.node)).collect();
    let mut reached = vec![false; program.len()];
    for (number, node) in program.iter().enumerate() {
        // A node is declared behind those that it reads.
        let reads = node.inputs.iter().any(|input| reached.get(*input as usize).copied().unwrap_or_default());
        reached[number] = reads || changed.iter().any(|(changed, _)| *changed == number);
    }
    let is_changed = |number: usize| changed.iter().any(|(changed, _)| *changed == number);
    let nodes = program.iter().enumerate().filter(|(number, _)| reached[*number]);
    let lost = nodes.filter(|(number, node)| is_changed(*number) || with_rows.contains(&node.name));
    lost.map(|(_, node)| node.name.as_str()).collect()
}

/// Which nodes have state in the checkpoint; and which sources and sinks are at some position.
fn in_use(manifest: &Manifest) -> (HashSet<String>, HashSet<String>) {
    let checkpoint = manifest.latest.checkpoint.as_ref();
    let states = checkpoint.iter().flat_map(|it| &it.states).map(|state| state.node.clone()).collect();
    let sources = checkpoint.iter().flat_map(|it| &it.sources).map(|source| source.start.name.clone());
    (states, sources.chain(manifest.latest.outputs.keys().cloned()).collect())
}

/// The sources that would read again what the checkpoint has, if they had no position.
fn positioned_sources(manifest: &Manifest) -> HashSet<String> {
    let sources = manifest.latest.checkpoint.iter().flat_map(|checkpoint| &checkpoint.sources);
    let positioned =
        sources.filter(|source| !source.start.created.is_empty() || !source.position.is_empty() || source.newest > 0);
    positioned.map(|source| source.start.name.clone()).collect()
}

/// How a node has changed so that it cannot continue with what it has, which may be a state.
fn difference(before: &NodeIdentity, now: &NodeIdentity, has_state: bool) -> Option<String> {
    let name = &before.name;
    let what = |is_bucket: bool| if is_bucket { "the values of a bucket" } else { "messages" };
    let buckets = [before, now].map(NodeIdentity::is_bucket);
    if before.role == NodeRole::Source && buckets[0] != buckets[1] {
        return Some(format!("`{name}` reads {}, and here {}", what(buckets[0]), what(buckets[1])));
    }
    if before.kind != now.kind {
        return Some(format!("`{name}` is made by `{}`, and here by `{}`", before.kind, now.kind))
            .filter(|_| has_state);
    }
    (before.parameters != now.parameters && has_state)
        .then(|| format!("`{name}` has the parameters ({}), and here ({})", before.parameters, now.parameters))
}

/// What can be done about a node of a program whose state means something else now.
pub(super) fn rebuild_cure(program: &[NodeIdentity], name: &str) -> String {
    rebuild_cures(program, &[name])
}

/// The same, about a node, and others that have rows of it, or have changed, too.
fn rebuild_cures(program: &[NodeIdentity], names: &[&str]) -> String {
    let is_end = |node: &NodeIdentity| matches!(node.role, NodeRole::Source | NodeRole::Sink);
    let first = names.first().copied().unwrap_or_default();
    let method = match program.iter().find(|node| node.name == first) {
        Some(node) if is_end(node) => "name",
        _ => "named",
    };
    let calls: String = names.iter().map(|name| format!(".rebuild(\"{name}\")")).collect();
    let (states, it) = if names.len() > 1 {
        ("these states, and begin with empty ones", "those that have changed other names")
    } else {
        ("that state, and begin with an empty one", "it another name")
    };
    format!(
        "say `{calls}` to lose {states}; or give {it} (`{method}`), and say `.starts_empty(..)` with the new name and \
         `.allow_dropped(..)` with the old one; or run that program"
    )
}

fn unclear_cure(role: NodeRole) -> &'static str {
    match role {
        NodeRole::Source => {
            "give sources of one subject names of their own (`name`), and tables of rows in the program row types of their own, in \
             that program first"
        }
        NodeRole::Sink => "give sinks of one subject names of their own (`name`), in that program first",
        NodeRole::Operator | NodeRole::Named => {
            "run that program once with a name for it (`named`), or give the new ones names, and say `.starts_empty(..)` with these"
        }
    }
}

/// A node, as a user can find it.
pub(super) fn describe(program: &[NodeIdentity], node: &NodeIdentity) -> String {
    let inputs = node.inputs.iter().filter_map(|input| Some(format!("`{}`", program.get(*input as usize)?.name)));
    let inputs: Vec<_> = inputs.collect();
    match node.role {
        NodeRole::Operator if !inputs.is_empty() => {
            let parameters = match node.parameters.as_str() {
                "" => String::new(),
                parameters => format!(", {parameters}"),
            };
            format!("`{}` ({} of {}{parameters})", node.name, node.kind, inputs.join(" and "))
        }
        _ => format!("`{}`", node.name),
    }
}

/// See [`Persistence::check_tail`].
pub(super) fn check_tail(directory: &str, commits_behind: u64) -> Result<()> {
    if commits_behind == 0 {
        return Ok(());
    }
    let message = format!(
        "the directory `{directory}` has the log of another program, with {commits_behind} commits that are to be computed again: \
         run that program once more, and stop it in an orderly way, so that it makes a checkpoint (not with a `checkpoint_every` \
         of `Duration::MAX`); if it fails, correct what is in its closures, and leave its operators as they are; or use another \
         directory and other output streams"
    );
    Err(Error::new(ErrorKind::Persistence, message))
}
