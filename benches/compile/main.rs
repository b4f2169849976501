//! What a user waits for: seconds to compile a pipeline of 1, 10 and 50 operators. `cargo bench --bench compile`.
//!
//! It writes a package with such a pipeline under cargo's target directory, lets cargo compile everything once, and then times
//! the package alone after a change in its source, as an edit in an editor is: `cargo check`, `cargo build` and
//! `cargo build --release`, the best of three each.

mod program;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs};

const OPERATORS: [usize; 3] = [1, 10, 50];

fn main() {
    // `cargo test --benches` only wants to see that it runs.
    if env::args().any(|argument| argument == "--test") {
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile");
    for operators in OPERATORS {
        write_package(&folder.join(name(operators)), operators);
    }
    println!("{:>24} {:>8} {:>8} {:>8} {:>16}", "operators", "1", "10", "50", "one more costs");
    for arguments in [&["check"][..], &["build"], &["build", "--release"]] {
        let seconds = OPERATORS.map(|operators| {
            let package = folder.join(name(operators));
            cargo(&package, &folder, arguments);
            (0..3).map(|round| edit_and_time(&package, &folder, arguments, operators, round)).min().unwrap_or_default()
        });
        let [one, ten, fifty] = seconds.map(|time| time.as_secs_f64());
        let command = format!("cargo {}", arguments.join(" "));
        println!("{command:>24} {one:>7.2}s {ten:>7.2}s {fifty:>7.2}s {:>15.3}s", (fifty - ten) / 40.0);
    }
}

fn name(operators: usize) -> String {
    format!("pipeline-of-{operators}")
}

/// A package outside of the workspace, with the workspace's lock file, so that it compiles the same dependencies.
fn write_package(package: &Path, operators: usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    fs::create_dir_all(package.join("src")).expect("a folder under the target directory");
    let manifest = format!(
        "[package]\nname = {:?}\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\npathway = {{ path = {:?} }}\n\n[workspace]\n",
        name(operators),
        root.display().to_string(),
    );
    fs::write(package.join("Cargo.toml"), manifest).expect("a manifest");
    fs::copy(root.join("Cargo.lock"), package.join("Cargo.lock")).expect("a lock file");
    fs::write(package.join("src/main.rs"), program::source(operators, 0)).expect("a program");
}

/// Seconds that cargo takes after an edit: a number in the last operator is another one.
fn edit_and_time(package: &Path, folder: &Path, arguments: &[&str], operators: usize, round: usize) -> Duration {
    fs::write(package.join("src/main.rs"), program::source(operators, round + 1)).expect("a program");
    let begin = Instant::now();
    cargo(package, folder, arguments);
    begin.elapsed()
}

fn cargo(package: &Path, folder: &Path, arguments: &[&str]) {
    let target: PathBuf = folder.join("target");
    let mut command = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    command.args(arguments).arg("--quiet").env("CARGO_TARGET_DIR", target).current_dir(package);
    // What cargo tells this bench of its own package is not meant for the other one.
    env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CARGO_PKG_")).for_each(|(name, _)| {
        command.env_remove(name);
    });
    let status = command.status().expect("cargo");
    assert!(status.success(), "cargo {arguments:?} in {} failed", package.display());
}
