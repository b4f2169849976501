//! The monitor of a pipeline: whether there is one.

use std::sync::Arc;

use super::environment;
use super::observation::Observation;
use super::watched::Watched;
use crate::data::Result;
pub(super) use crate::monitor::Server;

/// Starts the server of a pipeline, if the program or the environment asks for one.
///
/// # Errors
/// It cannot listen where it is told to.
pub(super) fn start(address: Option<String>, observation: &Arc<Observation>) -> Result<Option<Server>> {
    let (address, setting) = match address {
        Some(address) => (address, "the address of `monitor`"),
        None => match environment::monitoring()? {
            Some(address) => (address, environment::MONITORING),
            None => return Ok(None),
        },
    };
    Server::start(&address, setting, Arc::new(Watched::new(observation))).map(Some)
}
