use pathway::prelude::*;

#[derive(Schema)]
struct Input {
    value: i64,
}

fn pipeline(pipeline: &Pipeline) {
    let broker = pathway::testing::Broker::new();
    let input = nats::read(pipeline, broker, "connector_example").json::<Input>();
}

fn main() {}
