#![deny(unused_must_use)]

use pathway::prelude::*;

#[derive(Schema)]
struct Input {
    value: i64,
}

fn declare(uri: &str) -> Pipeline {
    let pipeline = Pipeline::new();
    let input = nats::read(&pipeline, uri, "connector_example").json::<Input>();
    nats::write(&input, uri, "copy").json();
    pipeline
}

fn run() {
    declare("nats://localhost:4222");
}

fn main() {}
