//! The version of a server program, as it prints it.

use std::{
    fmt, io,
    path::Path,
    process::{Command, Stdio},
};

/// Older servers lack parts of JetStream that pathway needs.
const OLDEST: Version = Version(2, 10);

/// Major and minor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(u32, u32);

/// Why a program cannot be used.
#[derive(Debug)]
pub(super) enum Unusable {
    /// Usually it does not exist.
    DoesNotRun(io::Error),
    TooOld(Version),
    /// What it prints instead of a version.
    NotAServer(String),
}

/// Runs the program to find out whether it can be used.
pub(super) fn check(program: &Path) -> Result<(), Unusable> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output();
    let output = output.map_err(Unusable::DoesNotRun)?;
    let printed = String::from_utf8_lossy(&output.stdout);
    match Version::parse(&printed) {
        Some(version) if version >= OLDEST => Ok(()),
        Some(version) => Err(Unusable::TooOld(version)),
        None => Err(Unusable::NotAServer(printed.trim().to_owned())),
    }
}

impl Version {
    /// From `nats-server: v2.15.1`.
    fn parse(printed: &str) -> Option<Self> {
        let (_, version) = printed.split_once("nats-server: v")?;
        let mut parts = version.trim().split('.');
        Some(Self(parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DoesNotRun(error) => write!(f, "it does not run ({error})"),
            Self::TooOld(version) => write!(f, "it is version {version}, older than {OLDEST}"),
            Self::NotAServer(printed) => write!(f, "it does not print a version, but {printed:?}"),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::{OLDEST, Version};

    #[test]
    fn versions_are_parsed() {
        assert_eq!(Version::parse("nats-server: v2.15.1\n"), Some(Version(2, 15)));
        assert_eq!(Version::parse("nats-server: v2.12.0-RC.1\n"), Some(Version(2, 12)));
        assert_eq!(Version::parse("gnatsd 1.4"), None);
    }

    #[test]
    fn versions_are_compared_by_number() {
        assert!(Version(2, 9) < OLDEST && OLDEST <= Version(2, 10) && OLDEST < Version(3, 0));
    }
}
