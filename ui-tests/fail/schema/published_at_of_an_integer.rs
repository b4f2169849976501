use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    #[schema(published_at)]
    column: i64,
    id: i64,
}

fn main() {}
