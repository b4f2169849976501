use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    #[schema(stream_sequence)]
    column: String,
    id: i64,
}

fn main() {}
