use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    #[schema(header)]
    column: String,
    id: i64,
}

fn main() {}
