//! Finds the nats-server program, in the order given in the crate's documentation.

mod cache;
mod pip;
mod version;

use std::{
    env,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use crate::Error;
use version::Unusable;

/// The path of a usable server program. It is searched for once in each process.
pub(crate) fn find() -> Result<PathBuf, Error> {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();

    if let Some(path) = FOUND.get() {
        return Ok(path.clone());
    }
    let path = search(env::var_os("NATS_SERVER").map(PathBuf::from).as_deref())?;
    Ok(FOUND.get_or_init(|| path).clone())
}

fn search(named: Option<&Path>) -> Result<PathBuf, Error> {
    if let Some(path) = named {
        // A program that the user has named is used or refused, never silently replaced.
        return match version::check(path) {
            Ok(()) => Ok(path.to_owned()),
            Err(why) => Err(Error::NoBinary { tried: vec![format!("NATS_SERVER={}: {why}", path.display())] }),
        };
    }

    let on_path = Path::new("nats-server");
    let why = match version::check(on_path) {
        Ok(()) => return Ok(on_path.to_owned()),
        Err(why) => why,
    };
    let mut tried = vec![format!("nats-server on PATH: {why}")];
    if !matches!(why, Unusable::DoesNotRun(_)) {
        eprintln!("pathway-testkit: not using nats-server on PATH: {why}");
    }
    match cache::get() {
        Ok(path) => Ok(path),
        Err(why) => {
            tried.push(why);
            Err(Error::NoBinary { tried })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::search;
    use std::path::Path;

    #[test]
    fn a_named_program_is_never_replaced() {
        let error = search(Some(Path::new("no-such-nats-server"))).unwrap_err().to_string();
        assert!(error.contains("NATS_SERVER=no-such-nats-server: it does not run"), "{error}");
        assert!(error.contains("put it on PATH, or set NATS_SERVER"), "{error}");
    }

    #[test]
    fn a_program_that_is_not_a_server_is_refused() {
        let error = search(Some(Path::new("true"))).unwrap_err().to_string();
        assert!(error.contains("does not print a version"), "{error}");
    }
}
