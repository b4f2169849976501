use pathway::Schema;

#[derive(Schema)]
struct Order;

fn main() {}
