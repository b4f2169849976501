use pathway::format::{DecodeError, Message};
use pathway::io::{Failure, RowSender, Source};
use pathway::prelude::*;

#[derive(Schema)]
struct Line {
    text: String,
}

struct Lines;

impl Source for Lines {
    type Item = Line;

    fn run(self, rows: &RowSender<Line>) -> Result<(), Failure> {
        Ok(rows.insert(Line { text: "a".into() })?)
    }
}

fn line(message: &Message<'_>) -> Result<Line, DecodeError> {
    Ok(Line { text: message.subject.into() })
}

fn pipeline(pipeline: &Pipeline) {
    let lines = pipeline.message_source(Lines, line);
}

fn main() {}
