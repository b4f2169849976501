//! Compiles the programs in `pass/` and `fail/`, and compares the compiler's output with the snapshots.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn compile_errors_match_their_snapshots() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("fail/**/*.rs");
    cases.pass("pass/**/*.rs");
}

/// Users do not know the crate's private names, so the first line of a message must not contain them.
#[test]
fn headlines_contain_no_private_names() {
    let snapshots = snapshots(Path::new("fail"));
    assert!(!snapshots.is_empty());
    for path in snapshots {
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for headline in text.lines().filter(|line| line.starts_with("error")) {
            let private = ["__", "pathway_core", "macro_support"].into_iter().find(|part| headline.contains(part));
            assert_eq!(private, None, "{}: {headline}", path.display());
        }
    }
}

/// The guide has a row for each program in `fail/`, with a part of its message.
#[test]
fn the_guide_lists_every_mistake() {
    const PAGE: &str = "../docs/guide/compile_errors.md";
    let page = fs::read_to_string(PAGE).unwrap_or_else(|error| panic!("{PAGE}: {error}"));
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let mut listed: Vec<_> = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>()).collect();
    listed.sort();
    let name = |path: &Path| format!("`{}`", path.strip_prefix("fail").unwrap_or(path).with_extension("").display());
    let mut recorded: Vec<_> = snapshots(Path::new("fail")).into_iter().map(|path| (name(&path), path)).collect();
    recorded.sort();
    let listed_names: Vec<_> = listed.iter().map(|cells| cells[1]).collect();
    let recorded_names: Vec<_> = recorded.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(listed_names, recorded_names, "the rows of {PAGE} and the programs");
    for (cells, (name, path)) in listed.iter().zip(&recorded) {
        let message = cells[2].trim_matches('`').trim();
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(
            !message.is_empty() && text.contains(message),
            "{PAGE} has {message:?}, but {} has:\n{text}",
            path.display()
        );
        assert!(cells.len() == 5 && !cells[3].is_empty(), "{PAGE} has no fix for {name}");
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
