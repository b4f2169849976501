use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    placed_at: DateTimeUtc,
    paid_at: Option<DateTimeUtc>,
}

fn pipeline(orders: Table<Order>) {
    let hourly = reduce!(o in orders by o.city window thumbling(o.placed_at, 1.hours()) as w => { start: w.start, n: count() });
}

fn main() {}
