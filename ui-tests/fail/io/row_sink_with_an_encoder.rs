use pathway::format::{ChangeInfo, EncodeError};
use pathway::io::{CommitBatch, Failure, Sink};
use pathway::prelude::*;

#[derive(Schema)]
struct Total {
    city: String,
    n: i64,
}

struct Printer;

impl Sink for Printer {
    type Item = Total;

    fn write(&mut self, _commit: CommitBatch<Total>) -> Result<(), Failure> {
        Ok(())
    }
}

fn line(total: &Total, _: ChangeInfo, payload: &mut Vec<u8>) -> Result<(), EncodeError> {
    payload.extend_from_slice(total.city.as_bytes());
    Ok(())
}

fn pipeline(totals: Table<Total>) {
    totals.message_sink(Printer, "totals", line);
}

fn main() {}
