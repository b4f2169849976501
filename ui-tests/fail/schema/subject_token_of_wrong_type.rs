use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    #[schema(subject_token = 2)]
    column: f64,
    id: i64,
}

fn main() {}
