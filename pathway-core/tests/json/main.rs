//! Tests of JSON decoding and encoding: against recorded runs, serde_json, random values and damaged payloads.

mod hostile;
mod order;
mod random;
mod reports;
mod round_trip;
mod row;
mod vectors;
mod walk;
