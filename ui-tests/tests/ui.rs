//! Compiles what users may write, and compares what the compiler says with the snapshots beside the programs.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn compile_errors_are_as_recorded() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("fail/**/*.rs");
    cases.pass("pass/**/*.rs");
}

/// A user knows nothing of our inner names: no headline speaks of them.
#[test]
fn no_headline_names_our_inner_parts() {
    let snapshots = snapshots(Path::new("fail"));
    assert!(!snapshots.is_empty());
    for path in snapshots {
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for headline in text.lines().filter(|line| line.starts_with("error")) {
            let inner = ["__", "pathway_core", "expansion"].into_iter().find(|part| headline.contains(part));
            assert_eq!(inner, None, "{}: {headline}", path.display());
        }
    }
}

fn snapshots(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.unwrap_or_else(|error| panic!("{}: {error}", folder.display())).path());
    let found = paths.flat_map(|path| match path.extension() {
        Some(extension) if extension == OsStr::new("stderr") => vec![path],
        None => snapshots(&path),
        Some(_) => Vec::new(),
    });
    found.collect()
}
