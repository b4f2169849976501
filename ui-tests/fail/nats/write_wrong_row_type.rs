use pathway::prelude::*;

#[derive(Schema)]
struct Input {
    value: i64,
}

#[derive(Schema)]
struct Total {
    sum: i64,
}

fn publish(totals: &Table<Total>, uri: &str) {
    nats::write(totals, uri, "sum").json();
}

fn pipeline(input: Table<Input>, uri: &str) {
    publish(&input, uri);
}

fn main() {}
