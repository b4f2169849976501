use pathway::Schema;

#[derive(Schema)]
#[schema(crate = "pathway")]
struct Order {
    id: i64,
}

fn main() {}
