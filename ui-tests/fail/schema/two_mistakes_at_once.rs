use pathway::Schema;

#[derive(Schema)]
struct Order {
    #[schema(primary_kay)]
    id: i64,
    #[schema(path = "payment/amount")]
    price: f64,
}

/// `Order` is a row despite the two errors: there is no third error.
fn is_row<R: Schema>() {}

fn check() {
    is_row::<Order>();
}

fn main() {}
