use pathway::io::{Failure, MessageSender, Source, Undecoded};
use pathway::prelude::*;

#[derive(Schema)]
struct Line {
    text: String,
}

struct Lines;

impl Source for Lines {
    type Item = Undecoded;

    fn run(self, messages: &MessageSender) -> Result<(), Failure> {
        Ok(messages.insert(Line { text: "a".into() })?)
    }
}

fn main() {}
