//! Only a row can be flattened.

use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
}

fn main() {
    let pipeline = Pipeline::new();
    let orders = pipeline.rows::<Order>([]);
    select!(o in orders => { o.id, #[schema(flatten)] place: o.city });
}
