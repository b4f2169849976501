use pathway::prelude::*;

#[derive(Schema)]
struct Person {
    name: String,
    city: String,
}

fn main() -> pathway::Result<()> {
    let pipeline = Pipeline::new();
    let people = nats::read(&pipeline, "nats://localhost:4222", "people").json::<Person>();
    nats::write(&people, "nats://localhost:4222", "names").plaintext();
    pipeline.run()
}
