//! In place of the console, if the crate is built without it.

use std::sync::Arc;

use super::environment;
use super::observation::Observation;
use crate::data::{Error, ErrorKind, Result};

/// There is none.
pub(super) enum Console {}

/// # Errors
/// The environment asks for a console, or says neither yes nor no.
pub(super) fn start(_: Option<bool>, _: &Arc<Observation>) -> Result<Option<Console>> {
    if environment::console()? != Some(true) {
        return Ok(None);
    }
    let message = format!(
        "{} is `on`, but the program was built without the feature `console` of `pathway`: build it with the feature, or leave \
         the variable out",
        environment::CONSOLE
    );
    Err(Error::new(ErrorKind::Config, message))
}
