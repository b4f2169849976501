use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    #[schema(subject)]
    column: i64,
    id: i64,
}

fn main() {}
