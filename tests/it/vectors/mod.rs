//! Recordings of Pathway 0.33 (`tests/vectors`), replayed: the same messages come out, but for the differences that each
//! case states and the guide explains.

mod compare;
mod recording;
mod refused;
mod replay;
mod server;

mod arrays;
mod arrivals;
mod errors;
mod formats;
mod guide;
mod json_input;
mod json_output;
mod look_ups;
mod operators;
mod primary_key;
mod reduce_lifecycle;
mod reducers;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use refused::REFUSED;
use replay::Case;

/// All cases, by group.
fn cases() -> impl Iterator<Item = &'static Case> {
    let groups = [
        json_input::CASES,
        json_output::CASES,
        reduce_lifecycle::CASES,
        reducers::CASES,
        arrivals::CASES,
        primary_key::CASES,
        errors::CASES,
        formats::CASES,
        operators::CASES,
        look_ups::CASES,
        arrays::CASES,
    ];
    groups.into_iter().flatten()
}

#[test]
fn every_recording_is_replayed_or_does_not_compile() {
    let entries = fs::read_dir(recording::folder()).expect("the folder of the recordings");
    let names = entries.map(|entry| entry.expect("a file").file_name().into_string().expect("a name in UTF-8"));
    let recorded: BTreeSet<_> = names.filter_map(|name| name.strip_suffix(".json").map(str::to_owned)).collect();

    let replayed = cases().map(|case| case.vector);
    let mut known = BTreeSet::new();
    for vector in replayed.chain(REFUSED.iter().map(|(vector, _)| *vector)) {
        assert!(known.insert(vector.to_owned()), "{vector} is listed twice");
    }
    assert_eq!(known.difference(&recorded).collect::<Vec<_>>(), [""; 0], "listed, but there is no such recording");
    assert_eq!(recorded.difference(&known).collect::<Vec<_>>(), [""; 0], "recorded, but neither replayed nor listed");
}

#[test]
fn every_recording_that_does_not_compile_has_a_test() {
    for (vector, file) in REFUSED {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(file).is_file(), "{vector}: {file} is not there");
    }
}
