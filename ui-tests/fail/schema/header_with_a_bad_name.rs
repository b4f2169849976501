use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    #[schema(header = "my origin")]
    column: String,
    id: i64,
}

fn main() {}
