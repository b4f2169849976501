use pathway::Schema;

#[derive(Schema)]
struct Order {
    #[schema(rename = "number")]
    #[schema(rename = "no")]
    id: i64,
}

fn main() {}
