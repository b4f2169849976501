use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    #[schema(header = "origin", default = "web")]
    column: String,
    id: i64,
}

fn main() {}
