use pathway::prelude::*;

#[derive(Schema)]
struct Reading {
    #[schema(received_at, format = "unix_ms")]
    at: DateTimeUtc,
}

fn main() {}
