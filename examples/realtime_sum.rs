//! The running sum of integers on a NATS subject: the program of the README.
use pathway::prelude::*;

#[derive(Schema)]
struct Input {
    value: i64,
}

fn main() -> pathway::Result<()> {
    let uri = std::env::args().nth(1).unwrap();

    let pipeline = Pipeline::new();
    let input = nats::read(&pipeline, uri.as_str(), "connector_example").json::<Input>();
    let total = reduce!(row in input => { sum: sum(row.value) });
    nats::write(&total, uri.as_str(), "sum").json();
    pipeline.run()
}
