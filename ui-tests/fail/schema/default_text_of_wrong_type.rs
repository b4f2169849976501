use pathway::Schema;

#[derive(Schema)]
struct Order {
    #[schema(default = "one")]
    quantity: i64,
}

fn main() {}
