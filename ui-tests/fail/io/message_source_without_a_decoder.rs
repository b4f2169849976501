use pathway::io::{Failure, MessageBatch, MessageSender, Source, Undecoded};
use pathway::prelude::*;

struct Lines;

impl Source for Lines {
    type Item = Undecoded;

    fn run(self, messages: &MessageSender) -> Result<(), Failure> {
        let mut batch = MessageBatch::default();
        batch.push("lines", b"a");
        Ok(messages.send(&mut batch)?)
    }
}

fn pipeline(pipeline: &Pipeline) {
    let lines = pipeline.source(Lines);
}

fn main() {}
