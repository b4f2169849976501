use pathway::io::{Failure, MessageBatch, MessageSender, Position, Source, Undecoded};

struct Lines;

impl Source for Lines {
    type Item = Undecoded;

    fn run(self, messages: &MessageSender) -> Result<(), Failure> {
        let mut batch = MessageBatch::default();
        batch.push("lines", b"a");
        messages.send(&mut batch)?;
        Ok(messages.set_position(Position::from(1))?)
    }
}

fn main() {}
