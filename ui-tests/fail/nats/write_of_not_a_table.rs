use pathway::prelude::*;

#[derive(Schema)]
struct Input {
    value: i64,
}

fn pipeline(uri: &str) {
    nats::write(&5, uri, "sum").json();
}

fn main() {}
