use pathway::Schema;

#[derive(Schema)]
#[schema(rename_all = "camel_case")]
struct Order {
    order_id: i64,
}

fn main() {}
