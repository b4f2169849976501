//! The files of a recording: cut, damaged, removed, and more than the disk takes.

use std::fs;
use std::path::PathBuf;

use pathway::ErrorKind;
use pathway::persistence::{Recording, directory, inspect, record, replay};
use pathway::prelude::*;
use pathway::stats::RecordingStats;
use pathway::testing::{Broker, Store};

use super::{replayed, texts};
use crate::jetstream::persistence::Folder;
use crate::support::{Input, assert_error, join, value};

/// Sums up `numbers` by what is left of a division, and calls something for each of them.
fn program(pipeline: &Pipeline, broker: &Broker) {
    let numbers = nats::read(pipeline, broker, "numbers").json::<Input>();
    let sums = reduce!(row in numbers by row.value % 3 => { key: row.value % 3, sum: sum(row.value) });
    nats::write(&sums, broker, "sums").json();
    let doubled = numbers.map_async(async |row| Ok::<_, String>(Input { value: 2 * row.value })).or_skip();
    nats::write(&doubled, broker, "doubled").json();
}

/// Records so many commits. Returns what was written, and what was counted.
fn record_commits(recording: impl Into<Recording>, commits: i64) -> (Vec<String>, RecordingStats) {
    let (broker, pipeline) = (Broker::new(), Pipeline::named("files").record(recording));
    program(&pipeline, &broker);
    let running = pipeline.start().expect("a running pipeline");
    for number in 0..commits {
        broker.publish("numbers", value(number));
        broker.publish("numbers", value(10 * number));
        broker.commit();
    }
    broker.close();
    let stats = running.join().expect("the pipeline ends without an error");
    (texts(&broker.published(">")), stats.recording.expect("a recording"))
}

fn replay_folder(folder: &Folder) -> pathway::Result<Vec<String>> {
    let pipeline = Pipeline::named("files");
    program(&pipeline, &Broker::new());
    replayed(pipeline, replay(folder.path()), 1).map(|broker| texts(&broker.published(">")))
}

/// The files of the recording, in order.
fn files(folder: &Folder) -> Vec<PathBuf> {
    folder.numbers("recording-").iter().map(|number| folder.0.join(format!("recording-{number:08}"))).collect()
}

/// A process that is killed leaves a part of an entry, whatever its length.
#[test]
fn a_recording_that_is_cut_is_replayed_up_to_its_last_whole_commit() {
    let folder = Folder::new();
    let (all, _) = record_commits(record(folder.path()), 6);
    let file = files(&folder).remove(0);
    let bytes = fs::read(&file).expect("the file");
    assert_eq!(replay_folder(&folder).expect("a replay"), all);
    let mut lengths = std::collections::BTreeSet::new();
    for len in (0..bytes.len()).rev() {
        fs::write(&file, &bytes[..len]).expect("written");
        match replay_folder(&folder) {
            Ok(part) => {
                assert_eq!(part, all[..part.len()], "{len} bytes");
                lengths.insert(part.len());
            }
            Err(error) => assert_error(&error, ErrorKind::Persistence, &["has no recording"]),
        }
    }
    // Each commit but the last one, whose answers may be incomplete, and none.
    assert_eq!(lengths.len(), 6, "{lengths:?}");
    // The next start goes on behind what is left of the file.
    fs::write(&file, &bytes[..bytes.len() / 2]).expect("written");
    let (again, _) = record_commits(record(folder.path()), 3);
    assert_eq!(replay_folder(&folder).expect("a replay"), again);
}

#[test]
fn a_recording_that_is_damaged_is_an_error_and_never_something_else() {
    let folder = Folder::new();
    let (all, _) = record_commits(record(folder.path()), 3);
    let file = files(&folder).remove(0);
    let bytes = fs::read(&file).expect("the file");
    let mut errors = 0;
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        fs::write(&file, damaged).expect("written");
        match replay_folder(&folder) {
            // The last entry is taken for one that was not written completely.
            Ok(part) => assert_eq!(part, all[..part.len()], "byte {at}"),
            Err(error) => {
                assert_error(&error, ErrorKind::Persistence, &["recording-00000001", "is damaged"]);
                errors += 1;
            }
        }
    }
    assert!(errors > bytes.len() * 9 / 10, "{errors} of {}", bytes.len());
}

#[test]
fn old_commits_are_removed_and_the_rest_is_replayed_from_empty_tables() {
    let folder = Folder::new();
    let keep = 20_000;
    let (all, stats) = record_commits(record(folder.path()).keep_bytes(keep), 300);
    assert!(stats.bytes > 2 * keep && stats.missed == 0 && stats.commits == 300, "{stats:?}");
    let inspection = inspect(folder.path()).expect("a recording");
    let run = &inspection.runs[0];
    assert!(run.first_commit > 0 && run.bytes <= keep && run.bytes > keep / 2, "{inspection}");
    assert_eq!((run.first_commit + run.commits, run.sources[0].messages), (300, 2 * run.commits), "{inspection}");
    assert!(inspection.to_string().contains("to 299, of "), "{inspection}");
    let behind = replay_folder(&folder).expect("a replay");
    // What needs no earlier message is the same, with the same `time`.
    let doubled = |all: &[String]| all.iter().filter(|text| text.contains("value")).cloned().collect::<Vec<_>>();
    let (all, behind) = (doubled(&all), doubled(&behind));
    assert_eq!(behind.len() as u64, 2 * run.commits);
    assert_eq!(behind, all[all.len() - behind.len()..]);

    let pipeline = Pipeline::named("files").replay(folder.path());
    let numbers = nats::read(&pipeline, &Broker::new(), "numbers").json::<Input>();
    let (seen, run) = (numbers.collect(), run.clone());
    pipeline.run().expect("a replay");
    assert_eq!(seen.changes().first().map(|(commit, ..)| *commit), Some(run.first_commit));
}

#[test]
fn commits_are_kept_for_a_time() {
    let folder = Folder::new();
    // The times of commits are 2 ms apart at least.
    record_commits(record(folder.path()).keep(Duration::from_millis(100)), 300);
    let run = inspect(folder.path()).expect("a recording").runs.remove(0);
    assert!(run.first_commit > 0 && run.last_time - run.first_time >= 100, "{run}");
    assert!(run.first_commit + run.commits == 300 && files(&folder).len() > 2, "{run}");
}

/// Each file says what was there at its beginning: that a bucket had its first contents, and which sources had ended.
#[test]
fn a_bucket_is_followed_although_its_beginning_was_removed() {
    let program = |pipeline: &Pipeline, broker: &Broker| {
        let limits = nats::read(pipeline, broker, "limits").kv().json::<Input>();
        let (feed, input) = pipeline.input::<Input>();
        let early = limits.concat(&input);
        let windows =
            reduce!(row in early window tumbling(row.value, 10).emit_on_close() as w => { w.start, n: count() });
        (feed, limits.collect(), windows.collect())
    };
    let (folder, broker) = (Folder::new(), Broker::new());
    let pipeline = Pipeline::named("files").record(record(folder.path()).keep_bytes(4_000));
    let (feed, live, windows) = program(&pipeline, &broker);
    let running = pipeline.start().expect("a running pipeline");
    drop(feed);
    for number in 0..200 {
        broker.publish(&format!("$KV.limits.key-{number}"), value(number));
        broker.commit();
    }
    broker.close();
    join(running).expect("an end");
    let first = inspect(folder.path()).expect("a recording").runs[0].first_commit;
    let (broker, pipeline) = (Broker::new(), Pipeline::named("files").replay(folder.path()));
    let (_feed, seen, replayed_windows) = program(&pipeline, &broker);
    pipeline.run().expect("a replay");
    let behind =
        |all: Vec<(u64, Input, i64)>| all.into_iter().filter(|(commit, ..)| *commit >= first).collect::<Vec<_>>();
    assert!(first > 0 && seen.changes().len() > 10, "{first}");
    assert_eq!(seen.changes(), behind(live.changes()));
    let last = |rows: Vec<(i64, i64)>| rows.last().copied();
    let [live, replayed] =
        [windows.rows(), replayed_windows.rows()].map(|rows| rows.iter().map(|row| (row.start, row.n)).collect());
    assert!(last(live) == last(replayed));
}

#[test]
fn files_are_small_and_each_is_needed() {
    let folder = Folder::new();
    let (all, _) = record_commits(record(folder.path()).file_bytes(1_000), 40);
    let files = files(&folder);
    assert!(files.len() > 5, "{files:?}");
    assert_eq!(replay_folder(&folder).expect("a replay"), all);
    fs::remove_file(&files[2]).expect("removed");
    let error = replay_folder(&folder).expect_err("a gap");
    assert_error(&error, ErrorKind::Persistence, &["has no commit", "of run 1", "a file is missing"]);
}

/// The pipeline goes on, and writes all that it writes without a recording.
#[test]
fn a_recording_that_cannot_be_written_does_not_end_its_pipeline() {
    let store = Store::new();
    let (all, stats) = record_commits(&store, 10);
    assert_eq!((stats.commits, stats.missed), (10, 0));
    let without_times = |all: &[String]| -> Vec<String> {
        all.iter().map(|text| text.split(r#","time""#).next().unwrap_or_default().to_owned()).collect()
    };
    for writes in 0..25 {
        let store = Store::new();
        store.crash_after(writes);
        let (written, stats) = record_commits(&store, 10);
        assert_eq!(without_times(&written), without_times(&all), "{writes} writes");
        assert_eq!(stats.commits + stats.missed, 10, "{writes} writes");
        assert!(stats.missed > 0 || writes > 10, "{writes} writes");
        store.restart();
        let pipeline = Pipeline::named("files");
        program(&pipeline, &Broker::new());
        match replayed(pipeline, (&store).into(), 1) {
            Ok(broker) => {
                let part = texts(&broker.published(">"));
                assert_eq!(part, written[..part.len()], "{writes} writes");
                assert!(part.is_empty() == (stats.commits < 2), "{writes} writes: {part:?}");
            }
            Err(error) => assert_error(&error, ErrorKind::Persistence, &["has no recording"]),
        }
    }
}

#[test]
fn a_recording_belongs_to_one_run_at_a_time() {
    let folder = Folder::new();
    let start = || {
        let pipeline = Pipeline::named("files").record(record(folder.path()));
        let (feed, input) = pipeline.input::<Input>();
        let _seen = input.collect();
        pipeline.start().map(|running| (running, feed))
    };
    let (running, feed) = start().expect("a running pipeline");
    let error = start().map(drop).expect_err("it is in use");
    assert_error(&error, ErrorKind::Persistence, &["is in use"]);
    feed.insert(Input { value: 1 });
    feed.commit();
    // It can be read meanwhile.
    assert_eq!(inspect(folder.path()).expect("a recording").runs[0].commits, 1);
    drop(feed);
    join(running).expect("an end");
    drop(start().expect("a running pipeline"));
}

#[test]
fn settings_that_keep_nothing_are_refused() {
    for (setting, recording) in [
        ("file_bytes", record("unused").file_bytes(0)),
        ("keep_bytes", record("unused").keep_bytes(0)),
        ("`keep`", record("unused").keep(Duration::ZERO)),
    ] {
        let error = Pipeline::named("files").record(recording).start().map(drop).expect_err("it keeps nothing");
        assert_error(&error, ErrorKind::Config, &[setting, "is zero"]);
    }
}

/// It is refused before it has become a state directory, by whatever names it goes.
#[test]
#[cfg(unix)]
fn one_place_for_state_and_recording_is_refused_and_left_as_it_was() {
    let folder = Folder::new();
    let (place, link) = (folder.0.join("place"), folder.0.join("link"));
    std::os::unix::fs::symlink(&folder.0, &link).expect("a link");
    let refused = |other: PathBuf| {
        let pipeline = Pipeline::named("files").persist(directory(&place)).record(record(other));
        let (_feed, input) = pipeline.input::<Input>();
        let _seen = input.collect();
        let error = pipeline.start().map(drop).expect_err("one place");
        assert_error(&error, ErrorKind::Config, &["`persist` and `record` have the same place", "another directory"]);
    };
    // It is not there yet.
    [place.clone(), link.join("place"), place.join(".")].into_iter().for_each(&refused);
    assert!(!place.exists(), "nothing was made");
    fs::create_dir(&place).expect("a directory");
    [place.clone(), link.join("place")].into_iter().for_each(refused);
    assert_eq!(fs::read_dir(&place).expect("the directory").count(), 0);
    record_commits(record(&place), 3);
}

#[test]
fn a_recording_that_is_refused_leaves_no_state_behind() {
    let (folder, state) = (Folder::new(), Folder::new());
    record_commits(record(&folder.0), 1);
    let pipeline = Pipeline::named("other").persist(directory(&state.0)).record(record(&folder.0));
    let (_feed, input) = pipeline.input::<Input>();
    let _seen = input.collect();
    let error = pipeline.start().map(drop).expect_err("another pipeline's");
    assert_error(&error, ErrorKind::Persistence, &["a recording of the pipeline `files`, and this is `other`"]);
    assert_eq!(fs::read_dir(&state.0).expect("the directory").count(), 0);
}
