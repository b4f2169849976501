use pathway::Schema;

#[derive(Schema)]
#[schema(primary_key)]
struct Order {
    id: i64,
}

fn main() {}
