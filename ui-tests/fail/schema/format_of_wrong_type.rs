use pathway::prelude::*;

#[derive(Schema)]
struct Reading {
    #[schema(format = "unix_ms")]
    at: DateTimeNaive,
    #[schema(format = "unix_s")]
    number: i64,
}

fn main() {}
