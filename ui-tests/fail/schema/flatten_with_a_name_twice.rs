use pathway::Schema;

#[derive(Schema)]
struct Endpoint {
    id: i64,
    city: String,
}

#[derive(Schema)]
struct Order {
    id: i64,
    #[schema(flatten)]
    place: Endpoint,
}

fn main() {}
