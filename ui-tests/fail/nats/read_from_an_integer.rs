use pathway::prelude::*;

#[derive(Schema)]
struct Input {
    value: i64,
}

fn pipeline(pipeline: &Pipeline) {
    let input = nats::read(pipeline, 4222, "connector_example").json::<Input>();
}

fn main() {}
