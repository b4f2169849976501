//! Which program a checkpoint is of, and which other programs can continue with it.

use serde::{Deserialize, Serialize};

use super::Persistence;
use super::manifest::Manifest;
use super::session::Identity;
use crate::data::{Error, ErrorKind, Result};

/// What tells a node from those of another program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NodeIdentity {
    pub(crate) name: String,
    /// The columns of its rows, with their types.
    pub(crate) columns: String,
    /// Parameters without which its state means something else; empty if it has none.
    pub(crate) parameters: String,
    /// The names of the nodes that it reads, unless the user has named it: a default name can become that of another operator.
    pub(crate) inputs: String,
}

impl Persistence {
    /// Whether the state is of this very program, or, with false, of one with which this program can continue.
    ///
    /// # Errors
    /// It is of another pipeline, or this program cannot continue.
    pub(super) fn check(&self, manifest: &Manifest, identity: &Identity) -> Result<bool> {
        let refuse = |what: String, cure: &str| {
            let message = format!("the directory `{}` {what}: {cure}", self.store.name_of(None));
            Err(Error::new(ErrorKind::Persistence, message))
        };
        let anew = "run that program, or use another directory and other output streams";
        if manifest.pipeline != identity.pipeline {
            let what =
                format!("has the state of the pipeline `{}`, and this is `{}`", manifest.pipeline, identity.pipeline);
            return refuse(what, "use another directory, or the same name (`Pipeline::named`)");
        }
        let (old, new) = (&manifest.program, &identity.program);
        if old == new {
            return Ok(true);
        }
        let find = |program: &[NodeIdentity], name: &str| program.iter().find(|node| node.name == name).cloned();
        for before in old {
            let Some(now) = find(new, &before.name) else { continue };
            let name = &before.name;
            if !before.inputs.is_empty() && !now.inputs.is_empty() && before.inputs != now.inputs {
                let what = format!(
                    "has the state of another program, in which `{name}` reads `{}`, and here `{}`",
                    before.inputs, now.inputs
                );
                return refuse(what, "give such operators names of their own (`named`), in that program first");
            }
            for (what, before, now) in
                [("columns", &before.columns, &now.columns), ("parameters", &before.parameters, &now.parameters)]
            {
                if before != now {
                    let what = format!(
                        "has the state of another program, in which `{name}` has the {what} ({before}), and here ({now})"
                    );
                    return refuse(what, anew);
                }
            }
        }
        let states = manifest.latest.checkpoint.iter().flat_map(|checkpoint| &checkpoint.states);
        for name in states.map(|state| &state.node).filter(|name| find(new, name).is_none()) {
            if !self.dropped.contains(name) {
                let what = format!("has state of `{name}`, which this program does not have");
                let cure = format!(
                    "give the operator that name again (`named`), or say `.allow_dropped(\"{name}\")` to lose its state"
                );
                return refuse(what, &cure);
            }
        }
        Ok(false)
    }

    /// A program can only be changed if nothing is left to be computed by the one before.
    pub(super) fn check_tail(&self, commits_behind: u64) -> Result<()> {
        if commits_behind == 0 {
            return Ok(());
        }
        let message = format!(
            "the directory `{}` has the log of another program, with {commits_behind} commits that are to be computed again: run \
             that program once more, and stop it in an orderly way, so that it makes a checkpoint (not with a `checkpoint_every` \
             of `Duration::MAX`); if it fails, correct what is in its closures, and leave its operators as they are; or use \
             another directory and other output streams",
            self.store.name_of(None)
        );
        Err(Error::new(ErrorKind::Persistence, message))
    }
}
