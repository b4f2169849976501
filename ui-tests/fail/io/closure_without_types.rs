use pathway::format::DecodeError;
use pathway::io::{Failure, MessageSender, Source, Undecoded};
use pathway::prelude::*;

#[derive(Schema)]
struct Line {
    text: String,
}

struct Lines;

impl Source for Lines {
    type Item = Undecoded;

    fn run(self, _messages: &MessageSender) -> Result<(), Failure> {
        Ok(())
    }
}

fn pipeline(pipeline: &Pipeline) {
    let lines = pipeline.message_source(Lines, |message| {
        let text = std::str::from_utf8(message.payload).map_err(|_| DecodeError::payload("not UTF-8", 0))?;
        Ok(Line { text: text.into() })
    });
}

fn main() {}
