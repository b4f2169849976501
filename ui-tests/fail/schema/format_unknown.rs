use pathway::prelude::*;

#[derive(Schema)]
struct Reading {
    #[schema(format = "ms")]
    at: DateTimeUtc,
    #[schema(format = "unix-ms")]
    seen: DateTimeUtc,
}

fn main() {}
