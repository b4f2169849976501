use pathway::Schema;

#[derive(Schema)]
struct Order {
    #[schema(default = 1)]
    city: String,
    #[schema(default = 1)]
    price: f64,
}

fn main() {}
