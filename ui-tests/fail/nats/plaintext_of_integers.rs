use pathway::prelude::*;

#[derive(Schema)]
struct Total {
    sum: i64,
}

fn main() -> pathway::Result<()> {
    let pipeline = Pipeline::new();
    let totals = nats::read(&pipeline, "nats://localhost:4222", "totals").json::<Total>();
    nats::write(&totals, "nats://localhost:4222", "sums").plaintext();
    pipeline.run()
}
