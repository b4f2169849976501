use pathway::Schema;

#[derive(Schema)]
struct Order {
    #[schema(path = "/payment/~amount")]
    price: f64,
}

fn main() {}
