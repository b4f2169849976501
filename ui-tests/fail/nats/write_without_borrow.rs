use pathway::prelude::*;

#[derive(Schema)]
struct Input {
    value: i64,
}

fn pipeline(input: Table<Input>, uri: &str) {
    nats::write(input, uri, "copy").json();
}

fn main() {}
