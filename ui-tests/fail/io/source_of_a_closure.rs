use pathway::io::RowSender;
use pathway::prelude::*;

#[derive(Schema)]
struct Line {
    text: String,
}

fn pipeline(pipeline: &Pipeline) {
    let lines = pipeline.source(|rows: &RowSender<Line>| Ok(rows.insert(Line { text: "a".into() })?));
}

fn main() {}
