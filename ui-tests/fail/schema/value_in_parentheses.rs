use pathway::Schema;

#[derive(Schema)]
struct Order {
    #[schema(default(1))]
    id: i64,
}

fn main() {}
