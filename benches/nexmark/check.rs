//! Compares the result of a query with a digest of what DuckDB makes of the same events.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use pathway::io::Update;
use pathway::prelude::*;
use serde_json::Value;

use super::queries::{self, Output};
use super::rows::Events;

/// The rows of a result, as text: columns between `|`, times in milliseconds, nothing for `null`. It is how `digests.py` writes them.
#[derive(Clone, Default)]
struct Rows(Arc<Mutex<BTreeMap<String, i64>>>);

impl Output for Rows {
    fn take<R: Schema>(self, rows: &Table<R>) {
        rows.subscribe(move |update| {
            if let Update::Change { row, diff, .. } = update {
                let mut members = b"{".to_vec();
                row.encode_columns(&mut members);
                members.pop();
                members.push(b'}');
                let columns: serde_json::Map<String, Value> = serde_json::from_slice(&members).expect("an object");
                let line = columns.values().map(text).collect::<Vec<_>>().join("|");
                let mut rows = self.0.lock().expect("no panic");
                let copies = rows.entry(line).or_default();
                *copies += diff;
                assert!(*copies >= 0, "a row is removed that was not there");
            }
        });
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => {
            text.parse::<DateTimeUtc>().map_or_else(|_| text.clone(), |time| time.as_millisecond().to_string())
        }
        other => other.to_string(),
    }
}

/// How many rows a query has in the end, and their checksum.
pub(crate) fn digest(name: &str, events: &Events, commit: usize, workers: usize) -> pathway::Result<(i64, u32)> {
    let pipeline = Pipeline::new();
    let rows = Rows::default();
    queries::declare(name, &pipeline, &events.read(&pipeline, commit), rows.clone());
    pipeline.start_with(workers)?.join()?;
    let rows = rows.0.lock().expect("no panic");
    let (mut count, mut checksum) = (0, crc32fast::Hasher::new());
    for (line, copies) in rows.iter() {
        count += copies;
        (0..*copies).for_each(|_| {
            checksum.update(line.as_bytes());
            checksum.update(b"\n");
        });
    }
    Ok((count, checksum.finalize()))
}

/// The stored digest of a query over the first `events` events.
pub(crate) fn stored(name: &str, events: usize) -> Option<(i64, u32)> {
    include_str!("digests.txt").lines().find_map(|line| {
        let [query, of, rows, checksum] = line.split_whitespace().collect::<Vec<_>>()[..] else { return None };
        (query == name && of == events.to_string()).then_some(())?;
        Some((rows.parse().ok()?, u32::from_str_radix(checksum, 16).ok()?))
    })
}
