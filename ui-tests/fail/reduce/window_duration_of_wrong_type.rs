use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    placed_at: DateTimeUtc,
    paid_at: Option<DateTimeUtc>,
}

fn pipeline(orders: Table<Order>) {
    let hourly = reduce!(o in orders window tumbling(o.placed_at, 3600) as w => { start: w.start, n: count() });
}

fn main() {}
