// FIXME: the second error repeats the first one, and underlines the derive.
use pathway::Schema;

#[derive(Schema)]
struct Order {
    id: i64,
    #[schema(flatten)]
    city: String,
}

fn main() {}
