use pathway::Schema;

#[derive(Schema)]
struct Place {
    id: i64,
    city: String,
}

#[derive(Schema)]
struct Order {
    id: i64,
    #[schema(flatten)]
    place: Place,
}

fn main() {}
