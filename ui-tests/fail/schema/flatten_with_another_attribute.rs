use pathway::Schema;

#[derive(Schema)]
struct Place {
    city: String,
}

#[derive(Schema)]
struct Order {
    id: i64,
    #[schema(flatten, rename = "place")]
    place: Place,
}

fn main() {}
