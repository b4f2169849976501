use pathway::Schema;

#[derive(Schema)]
struct Order {
    #[schema = "primary_key"]
    id: i64,
}

fn main() {}
