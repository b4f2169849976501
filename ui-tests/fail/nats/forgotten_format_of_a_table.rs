use pathway::prelude::*;

#[derive(Schema)]
struct Input {
    value: i64,
}

fn pipeline(pipeline: &Pipeline, uri: &str) {
    let input = nats::read(pipeline, uri, "connector_example");
    let total = reduce!(row in input => { sum: sum(row.value) });
}

fn main() {}
