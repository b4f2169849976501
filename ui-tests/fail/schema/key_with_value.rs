use pathway::Schema;

#[derive(Schema)]
struct Order {
    #[schema(primary_key = true)]
    id: i64,
}

fn main() {}
