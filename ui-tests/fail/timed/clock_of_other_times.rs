use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    city: String,
    at: DateTimeUtc,
}

fn pipeline(pipeline: &Pipeline, orders: Table<Order>) {
    let clock = pipeline.clock(Duration::from_secs(1));
    let recent = orders.timed(|o| o.at).idle_timeout(1.minutes(), &clock, |tick| tick.at.as_second()).forget(1.hours());
}

fn main() {}
