use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    #[schema(subject, path = "/subject")]
    column: String,
    id: i64,
}

fn main() {}
