//! The console of a pipeline that `run` runs: whether there is one.

use std::sync::Arc;

use super::environment;
use super::observation::Observation;
use super::watched::Watched;
pub(super) use crate::console::Console;
use crate::data::Result;

/// Starts the console of a pipeline, unless the program or the environment wants none, or there is no terminal. `setting` is what
/// the program says.
///
/// # Errors
/// The environment says neither yes nor no, or the thread cannot be started.
pub(super) fn start(setting: Option<bool>, observation: &Arc<Observation>) -> Result<Option<Console>> {
    let of_environment = environment::console()?;
    if setting.or(of_environment) == Some(false) {
        return Ok(None);
    }
    Console::start(|| Arc::new(Watched::new(observation)))
}
