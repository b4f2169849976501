use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    #[schema(header = "origin")]
    column: bool,
    id: i64,
}

fn main() {}
