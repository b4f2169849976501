use pathway::Schema;

#[derive(Schema)]
struct Endpoint {
    city: String,
}

#[derive(Schema)]
struct Order {
    id: i64,
    #[schema(flatten, rename = "place")]
    place: Endpoint,
}

fn main() {}
