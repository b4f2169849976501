// FIXME: the first of the two errors stands at the derive; the second says all.
use pathway::Schema;

#[derive(Schema)]
struct Order {
    id: i64,
    #[schema(flatten)]
    city: String,
}

fn main() {}
