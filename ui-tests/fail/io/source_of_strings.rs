use pathway::io::{Failure, RowSender, Source};

struct Lines;

// FIXME: one error is enough, the one under `String`.

impl Source for Lines {
    type Item = String;

    fn run(self, _rows: &RowSender<String>) -> Result<(), Failure> {
        Ok(())
    }
}

fn main() {}
