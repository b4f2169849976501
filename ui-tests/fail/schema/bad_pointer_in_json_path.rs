use pathway::Schema;

#[derive(Schema)]
struct Order {
    #[schema(path = "$.lines[0].price")]
    price: f64,
}

fn main() {}
