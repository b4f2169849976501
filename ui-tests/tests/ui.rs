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
            let inner = ["__", "pathway_core", "macro_support"].into_iter().find(|part| headline.contains(part));
            assert_eq!(inner, None, "{}: {headline}", path.display());
        }
    }
}

/// The guide lists every mistake with what is said about it, and no mistake that is held no longer.
#[test]
fn the_guide_has_every_mistake_and_what_is_said() {
    const PAGE: &str = "../docs/guide/compile_errors.md";
    let page = fs::read_to_string(PAGE).unwrap_or_else(|error| panic!("{PAGE}: {error}"));
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let mut listed: Vec<_> = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>()).collect();
    listed.sort();
    let name = |path: &Path| format!("`{}`", path.strip_prefix("fail").unwrap_or(path).with_extension("").display());
    let mut held: Vec<_> = snapshots(Path::new("fail")).into_iter().map(|path| (name(&path), path)).collect();
    held.sort();
    let listed_names: Vec<_> = listed.iter().map(|cells| cells[1]).collect();
    let held_names: Vec<_> = held.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(listed_names, held_names, "the rows of {PAGE} and the programs");
    for (cells, (name, path)) in listed.iter().zip(&held) {
        let said = cells[2].trim_matches('`').trim();
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(!said.is_empty() && text.contains(said), "{PAGE} has {said:?}, but {} has:\n{text}", path.display());
        assert!(cells.len() == 5 && !cells[3].is_empty(), "{PAGE} has no cure for {name}");
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
