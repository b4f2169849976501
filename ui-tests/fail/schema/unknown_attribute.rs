use pathway::Schema;

#[derive(Schema)]
struct Order {
    #[schema(primary)]
    id: i64,
    #[schema(subject)]
    city: String,
}

fn main() {}
