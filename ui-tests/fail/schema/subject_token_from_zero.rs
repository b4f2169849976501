use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    #[schema(subject_token = 0)]
    column: String,
    id: i64,
}

fn main() {}
