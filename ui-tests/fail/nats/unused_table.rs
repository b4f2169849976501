#![deny(unused_must_use)]

use pathway::prelude::*;

#[derive(Schema)]
struct Input {
    value: i64,
}

fn pipeline(pipeline: &Pipeline, uri: &str) {
    nats::read(pipeline, uri, "connector_example").json::<Input>();
}

fn main() {}
