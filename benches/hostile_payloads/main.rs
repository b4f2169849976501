//! Random and damaged payloads through the decoders of a wide schema: `cargo bench --bench hostile_payloads`.
//!
//! Each payload must become rows, or be rejected with an offset inside the payload; no payload may panic. It prints how many
//! did, and how long a payload takes. `PATHWAY_TEST_SEED` repeats a run, `PAYLOADS` sets the number of payloads (default: 10
//! million).

mod payloads;

use std::time::Instant;

use pathway::ColumnType;
use pathway::bytes::Bytes;
use pathway::format::{self, Decode, DecodeError, DecodedRows, Message};
use pathway::prelude::*;
use pathway::schema::Json;

use payloads::Payloads;

#[derive(ColumnType)]
enum Kind {
    Retail,
    Wholesale,
}

/// A column of every type, read from everywhere.
#[derive(Schema)]
struct Wide {
    #[schema(primary_key)]
    id: i64,
    small: Option<i8>,
    natural: Option<u64>,
    #[schema(default)]
    single: f32,
    #[schema(default = 1.5)]
    double: f64,
    #[schema(default)]
    flag: bool,
    #[schema(default = "none")]
    text: String,
    bytes: Option<Bytes>,
    json: Option<Json>,
    at: Option<DateTimeUtc>,
    local: Option<DateTimeNaive>,
    took: Option<SignedDuration>,
    #[schema(format = "unix_s")]
    seconds: Option<DateTimeUtc>,
    #[schema(format = "unix_ms")]
    millis: Option<DateTimeUtc>,
    #[schema(format = "unix_ns")]
    nanos: Option<DateTimeUtc>,
    kind: Option<Kind>,
    list: Option<Vec<i64>>,
    pairs: Option<Vec<(String, Option<f64>)>>,
    #[schema(path = "/nested/deep/0")]
    first: Option<String>,
    #[schema(path = "/nested/deep/1/x~1y")]
    second: Option<i64>,
    #[schema(subject_token = 2)]
    token: Option<String>,
    #[schema(header = "origin")]
    origin: Option<String>,
}

/// What became of the payloads.
#[derive(Default)]
struct Outcome {
    rows: u64,
    rejected: u64,
}

fn main() {
    // `cargo test --benches` passes `--test`: a short run.
    let is_test = std::env::args().any(|argument| argument == "--test");
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let seed = number("PATHWAY_TEST_SEED").unwrap_or_else(|| std::process::id().into());
    let count = number("PAYLOADS").unwrap_or(if is_test { 100_000 } else { 10_000_000 });
    println!("PATHWAY_TEST_SEED={seed}, {count} payloads");
    decode("json", format::json::<Wide>(), seed, count);
    decode("json_lines", format::json_lines::<Wide>(), seed, count);
    decode("json_changes", format::json_changes::<Wide>(), seed, count);
}

/// Decodes payloads, and checks what each becomes.
fn decode<D: Decode>(name: &str, decoder: D, seed: u64, count: u64) {
    let mut payloads = Payloads::new(seed);
    let mut outcome = Outcome::default();
    let begin = Instant::now();
    for number in 0..count {
        let payload = payloads.next();
        let message = Message::new("orders.eu", payload);
        let mut rows = DecodedRows::default();
        let decoded = decoder.decode_rows(&message, &mut rows);
        let (inserted, rejected) = (rows.changes().len() as u64, rows.rejected().count() as u64);
        for error in rows.rejected().chain(decoded.as_ref().err()) {
            check(error, payload, seed, number);
        }
        outcome.rows += inserted;
        outcome.rejected += rejected + u64::from(decoded.is_err());
    }
    let each = begin.elapsed().as_nanos() / u128::from(count.max(1));
    let Outcome { rows, rejected } = outcome;
    println!("{name:>13}: {rows} rows, {rejected} rejected, {each} ns a payload");
}

fn check(error: &DecodeError, payload: &[u8], seed: u64, number: u64) {
    let is_inside = error.offset.is_none_or(|offset| offset <= payload.len());
    let is_short = error.to_string().len() < 600;
    assert!(is_inside && is_short, "PATHWAY_TEST_SEED={seed}, payload {number}, {}: {error}", payload.escape_ascii());
}
