//! What commits cost by their size: `cargo bench --bench commit_sizes`.
//!
//! A source with commits of its own hands over rows as fast as it can; a pipeline counts them by 1 000 keys, and takes every change
//! out. There must be no size at which it is much slower than with smaller commits.

use std::time::Instant;

use pathway::io::{Failure, RowSender, Source, SourceSettings};
use pathway::prelude::*;

const SIZES: [u64; 12] = [1, 3, 10, 30, 100, 250, 256, 300, 1_000, 3_000, 10_000, 100_000];
const ROUNDS: usize = 3;

#[derive(Schema)]
struct Input {
    key: u64,
}

/// Rows in commits of the same size.
struct Rows {
    rows: u64,
    commit: u64,
}

impl Source for Rows {
    type Item = Input;

    fn settings(&self) -> SourceSettings {
        SourceSettings::new().name("rows").own_commits().append_only()
    }

    fn run(self, sender: &RowSender<Input>) -> std::result::Result<(), Failure> {
        for row in 0..self.rows {
            sender.insert(Input { key: row.wrapping_mul(611_953) % 1_000 })?;
            if (row + 1) % self.commit == 0 {
                sender.commit()?;
            }
        }
        Ok(())
    }
}

fn main() -> pathway::Result<()> {
    // `cargo test --benches` runs it with another argument.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    println!("{:>10} {:>12} {:>12}    the best of {ROUNDS} rounds, one worker", "rows", "rows/s", "commits/s");
    for commit in SIZES {
        let mut best = 0.0_f64;
        for _ in 0..ROUNDS {
            best = best.max(rate(commit)?);
        }
        println!("{commit:>10} {best:>12.0} {:>12.0}", best / commit as f64);
    }
    Ok(())
}

/// Rows a second.
fn rate(commit: u64) -> pathway::Result<f64> {
    let rows = (commit * 20_000).clamp(200_000, 6_000_000) / commit * commit;
    let pipeline = Pipeline::new();
    let inputs = pipeline.source(Rows { rows, commit });
    let counts = reduce!(i in inputs by i.key => { i.key, n: count() });
    counts.subscribe(|_| {});
    let begin = Instant::now();
    let stats = pipeline.start_with(1)?.join()?;
    assert_eq!(stats.commits, rows / commit);
    Ok(rows as f64 / begin.elapsed().as_secs_f64())
}
