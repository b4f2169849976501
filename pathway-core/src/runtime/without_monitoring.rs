//! In place of the monitor, if the crate is built without it.

use std::net::SocketAddr;
use std::sync::Arc;

use super::environment;
use super::observation::Observation;
use crate::data::{Error, ErrorKind, Result};

/// There is none.
pub(super) enum Server {}

impl Server {
    pub(super) fn address(&self) -> SocketAddr {
        match *self {}
    }
}

/// # Errors
/// The environment asks for a monitor.
pub(super) fn start(_: Option<String>, _: &Arc<Observation>) -> Result<Option<Server>> {
    let Some(address) = environment::monitoring()? else { return Ok(None) };
    let message = format!(
        "{} is `{address}`, but the program was built without the feature `monitor` of `pathway`: build it with the feature, or \
         leave the variable out",
        environment::MONITORING
    );
    Err(Error::new(ErrorKind::Config, message))
}
