//! The events as JSON.

use std::fs::File;
use std::io::{BufWriter, Write};

use nexmark::event::Event;
use serde_json::{Value, json};

use super::Outcome;

/// Writes the first events into a file, one a line, with the kind and the fields of the generator.
pub(crate) fn write(count: usize, file: &str) -> Outcome<()> {
    let mut out = BufWriter::new(File::create(file)?);
    for event in super::rows::generator().take(count) {
        let (kind, mut event) = match event {
            Event::Person(person) => ("person", json!(person)),
            Event::Auction(auction) => ("auction", json!(auction)),
            Event::Bid(bid) => ("bid", json!(bid)),
        };
        event["kind"] = Value::from(kind);
        writeln!(out, "{event}")?;
    }
    Ok(out.flush()?)
}
