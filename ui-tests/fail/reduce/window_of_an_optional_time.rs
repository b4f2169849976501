use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    id: i64,
    city: String,
    placed_at: DateTimeUtc,
    paid_at: Option<DateTimeUtc>,
}

fn pipeline(orders: Table<Order>) {
    let hourly = reduce!(o in orders window tumbling(o.paid_at, 1.hours()) as w => { start: w.start, n: count() });
}

fn main() {}
