use pathway::Schema;

#[derive(Schema)]
struct Order(i64, String);

fn main() {}
