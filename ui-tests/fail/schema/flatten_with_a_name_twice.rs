use pathway::Schema;

#[derive(Schema)]
struct Address {
    id: i64,
    city: String,
}

#[derive(Schema)]
struct Order {
    id: i64,
    #[schema(flatten)]
    address: Address,
}

fn main() {}
