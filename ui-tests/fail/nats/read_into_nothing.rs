use pathway::prelude::*;

fn pipeline(pipeline: &Pipeline, uri: &str) {
    let input = nats::read(pipeline, uri, "connector_example").json();
}

fn main() {}
