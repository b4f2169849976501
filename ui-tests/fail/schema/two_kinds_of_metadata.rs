use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    #[schema(subject, received_at)]
    column: String,
    id: i64,
}

fn main() {}
