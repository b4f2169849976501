use pathway::io::{Encoded, EncodedBatch, Failure, Sink};
use pathway::prelude::*;

#[derive(Schema)]
struct Total {
    city: String,
    n: i64,
}

struct Printer;

impl Sink for Printer {
    type Item = Encoded;

    fn write(&mut self, _batch: EncodedBatch) -> Result<(), Failure> {
        Ok(())
    }
}

fn pipeline(totals: Table<Total>) {
    totals.sink(Printer);
}

fn main() {}
