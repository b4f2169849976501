use pathway::Schema;

#[derive(Schema)]
struct Order {
    #[schema(primary)]
    id: i64,
    #[schema(topic)]
    city: String,
}

fn main() {}
