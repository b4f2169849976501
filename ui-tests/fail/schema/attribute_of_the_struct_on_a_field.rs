use pathway::Schema;

#[derive(Schema)]
struct Order {
    #[schema(rename_all = "camelCase")]
    id: i64,
}

fn main() {}
