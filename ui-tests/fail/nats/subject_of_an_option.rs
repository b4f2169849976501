use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    region: Option<String>,
}

fn main() -> pathway::Result<()> {
    let pipeline = Pipeline::new();
    let orders = nats::read(&pipeline, "nats://localhost:4222", "orders").json::<Order>();
    nats::write(&orders, "nats://localhost:4222", "").subject(|order| order.region.clone()).json();
    pipeline.run()
}
