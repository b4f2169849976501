//! Rows with a primary key: a later message replaces the row.

use super::support::{Client, Observer, server};
use crate::support::stop;
use pathway::prelude::*;

#[derive(Schema)]
struct Order {
    #[schema(primary_key)]
    id: i64,
    amount: i64,
}

#[test]
fn a_later_message_with_the_same_key_replaces_the_row() {
    let server = server();
    let mut observer = Observer::new(&server.url(), "sum");
    let pipeline = Pipeline::new();
    let orders = nats::read(&pipeline, server.url(), "orders").json::<Order>();
    let total = reduce!(o in orders => { sum: sum(o.amount) });
    nats::write(&total, server.url(), "sum").json();
    let running = pipeline.start().expect("a running pipeline");

    let client = Client::new(&server.url());
    for (id, amount, sum) in [(1, 5, 5), (2, 10, 15), (1, 7, 17), (2, -7, 0)] {
        client.publish("orders", [format!(r#"{{"id": {id}, "amount": {amount}}}"#)]);
        observer.wait_for_sum(sum);
    }
    stop(running);
    assert_eq!(observer.updates(), [(5, 1), (5, -1), (15, 1), (15, -1), (17, 1), (17, -1), (0, 1)]);
}
