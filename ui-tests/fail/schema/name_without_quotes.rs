use pathway::Schema;

#[derive(Schema)]
struct Order {
    #[schema(rename = number)]
    id: i64,
    #[schema(path)]
    city: String,
}

fn main() {}
