use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    placed_at: DateTimeUtc,
    paid_at: Option<DateTimeUtc>,
}

fn pipeline(orders: Table<Order>) {
    let hourly = reduce!(o in orders by o.city window tumbling(1.hours()) as w => { start: w.start, n: count() });
}

fn main() {}
