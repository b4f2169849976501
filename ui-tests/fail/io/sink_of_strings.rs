use pathway::io::{CommitBatch, Failure, Sink};

struct Lines;

// FIXME: one error is enough, the one under `String`.

impl Sink for Lines {
    type Item = String;

    fn write(&mut self, _commit: CommitBatch<String>) -> Result<(), Failure> {
        Ok(())
    }
}

fn main() {}
