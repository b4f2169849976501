//! The cases agree with the guide's page of differences.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::cases;

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guide/differences.md");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The recordings that each section of the page names, by heading.
fn sections(page: &str) -> BTreeMap<String, BTreeSet<String>> {
    let section = |section: &str| {
        let (heading, text) = section.split_once('\n').unwrap_or((section, ""));
        let vectors =
            text.lines().filter_map(|line| line.strip_prefix("Recorded in: ")).flat_map(|line| line.split('`'));
        // Every second piece is between backticks.
        (heading.to_owned(), vectors.skip(1).step_by(2).map(str::to_owned).collect())
    };
    page.split("\n### ").skip(1).map(section).collect()
}

#[test]
fn every_difference_of_a_case_is_in_the_guide_with_its_recording() {
    let mut stated = BTreeMap::<String, BTreeSet<String>>::new();
    for case in cases() {
        for difference in case.differs {
            stated.entry(difference.entry.to_owned()).or_default().insert(case.vector.to_owned());
        }
    }
    let mut told = sections(&page());
    // The other sections are about differences without a recording.
    told.retain(|_, vectors| !vectors.is_empty());
    assert_eq!(told, stated, "left: the guide; right: the cases");
}
