use pathway::Schema;

#[derive(Schema)]
#[schema(rename_all = "camelCase")]
struct Order {
    order_id: i64,
    #[schema(rename = "orderId")]
    id: i64,
}

fn main() {}
