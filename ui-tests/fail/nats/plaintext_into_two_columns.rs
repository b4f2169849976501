use pathway::prelude::*;

#[derive(Schema)]
struct Line {
    host: String,
    text: String,
}

fn main() -> pathway::Result<()> {
    let pipeline = Pipeline::new();
    let lines = nats::read(&pipeline, "nats://localhost:4222", "logs.*").plaintext_as::<Line>();
    nats::write(&lines, "nats://localhost:4222", "copy").json();
    pipeline.run()
}
