use pathway::Schema;

#[derive(Schema)]
struct Order {
    #[schema(primary_key)]
    id: Option<i64>,
    total: f64,
}

fn main() {}
