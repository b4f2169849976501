use pathway::io::{CommitBatch, Failure, Sink};
use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    city: String,
    price: f64,
}

#[derive(Schema)]
struct Total {
    city: String,
    n: i64,
}

struct Printer;

impl Sink for Printer {
    type Item = Total;

    fn write(&mut self, _commit: CommitBatch<Total>) -> Result<(), Failure> {
        Ok(())
    }
}

fn pipeline(orders: Table<Order>) {
    let totals = reduce!(o in orders by o.city => { city: o.city, n: count() });
    totals.sink(Printer);
}

fn main() {}
