//! What checkpoints cost: `cargo bench --bench checkpoints`.
//!
//! A pipeline keeps the greatest text of each of a million keys; a text has 100 bytes. Commits of one row follow each other at a
//! steady rate. How long each of them takes is measured without persistence, and while checkpoints are written: one of all keys,
//! and some of 1 % of them. Then the pipeline starts again.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pathway::io::Feed;
use pathway::persistence::directory;
use pathway::prelude::*;

const KEYS: i64 = 1_000_000;
/// How many keys change between two checkpoints.
const CHANGED: i64 = KEYS / 100;
const BULK: i64 = 10_000;
const PACE: Duration = Duration::from_millis(1);

#[derive(Clone, Schema)]
struct Input {
    key: i64,
    text: String,
}

fn main() -> pathway::Result<()> {
    // `cargo test --benches` runs it with another argument.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    println!("{KEYS} keys of 100 bytes, one worker; commits of one row every {PACE:?}; µs a commit");
    println!("{:>34} {:>8} {:>8} {:>8} {:>8}", "", "commits", "p50", "p99", "max");
    let folder = Folder::new();
    without_persistence()?;
    with_checkpoints(&folder)?;
    restart(&folder)
}

fn pipeline(name: &str) -> (Feed<Input>, Pipeline) {
    let pipeline = Pipeline::named(name);
    let (feed, inputs) = pipeline.input::<Input>();
    let greatest = reduce!(i in inputs by i.key => { i.key, text: max(i.text) });
    greatest.subscribe(|_| {});
    (feed, pipeline)
}

fn text(key: i64, round: i64) -> Input {
    Input { key, text: format!("{round:020}{:080}", key.wrapping_mul(7_919)) }
}

/// The rows of the table: for each key, the number in its text.
struct Rows {
    feed: Feed<Input>,
    numbers: Vec<i64>,
}

impl Rows {
    fn fill(feed: Feed<Input>) -> Self {
        for first in (0..KEYS).step_by(BULK as usize) {
            (first..first + BULK).for_each(|key| feed.insert(text(key, 0)));
            feed.commit();
        }
        Rows { feed, numbers: vec![0; KEYS as usize] }
    }

    /// Replaces the row of a key.
    fn replace(&mut self, key: i64) {
        let number = &mut self.numbers[key as usize];
        self.feed.remove(text(key, *number));
        *number += 1;
        self.feed.insert(text(key, *number));
    }
}

/// Commits single rows of these keys for a while, and as long as `condition` holds.
fn single_commits(rows: &mut Rows, at_least: Duration, condition: impl Fn() -> bool) -> Vec<Duration> {
    let (begin, mut times) = (Instant::now(), Vec::new());
    let mut number: i64 = 0;
    while begin.elapsed() < at_least || condition() {
        // A few keys, so that a checkpoint has hardly more than those that change in bulk.
        rows.replace(number.wrapping_mul(611_953).rem_euclid(KEYS / 1_000) * 1_000);
        number += 1;
        let begin = Instant::now();
        rows.feed.commit();
        times.push(begin.elapsed());
        std::thread::sleep(PACE.saturating_sub(begin.elapsed()));
    }
    times
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6;
    println!("{what:>34} {:>8} {:>8.0} {:>8.0} {:>8.0}", times.len(), at(0.5), at(0.99), at(1.0));
}

fn without_persistence() -> pathway::Result<()> {
    let (feed, pipeline) = pipeline("bench");
    let running = pipeline.start_with(1)?;
    let mut rows = Rows::fill(feed);
    report("without persistence", single_commits(&mut rows, Duration::from_secs(5), || false));
    drop(rows);
    running.join().map(drop)
}

fn with_checkpoints(folder: &Folder) -> pathway::Result<()> {
    let every = Duration::from_secs(3);
    let (feed, pipeline) = pipeline("bench");
    let running = pipeline.persist(directory(&folder.0).checkpoint_every(every)).start_with(1)?;
    let mut rows = Rows::fill(feed);
    // A checkpoint that has begun while the keys were filled in may have only some of them.
    let mut parts = folder.parts();
    for _ in 0..6 {
        (0..CHANGED).for_each(|key| rows.replace(key * 100));
        rows.feed.commit();
        let begin = Instant::now();
        let times = single_commits(&mut rows, Duration::ZERO, || folder.parts() == parts);
        let now = folder.parts();
        let (name, bytes) = now.iter().max().cloned().unwrap_or_default();
        report(&format!("until {name}, {:.1} MB", bytes as f64 / 1e6), times);
        println!("{:>34} {:.1} s", "", begin.elapsed().as_secs_f64());
        parts = now;
    }
    drop(rows);
    running.join().map(drop)
}

fn restart(folder: &Folder) -> pathway::Result<()> {
    for workers in [1, 2] {
        let begin = Instant::now();
        let (feed, pipeline) = pipeline("bench");
        let running = pipeline.persist(directory(&folder.0)).start_with(workers)?;
        feed.insert(text(1, 9));
        feed.commit();
        println!("restart to the first commit with {workers} workers: {:.2} s", begin.elapsed().as_secs_f64());
        drop(feed);
        running.join()?;
    }
    Ok(())
}

/// A directory that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        Folder(std::env::temp_dir().join(format!("pathway-bench-checkpoints-{}", std::process::id())))
    }

    /// The parts of checkpoints, with their sizes.
    fn parts(&self) -> Vec<(String, u64)> {
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
        let files = std::fs::read_dir(&self.0).into_iter().flatten().flatten();
        let parts = files.map(|file| (file.file_name().to_string_lossy().into_owned(), size(&file.path())));
        let mut parts: Vec<_> =
            parts.filter(|(name, _)| name.starts_with("part-") && !name.ends_with(".new")).collect();
        parts.sort();
        parts
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
