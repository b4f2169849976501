//! Wildcards in the subject that is read.

use super::support::{Client, Observer, server};
use crate::support::{Input, stop, value};
use pathway::prelude::*;

#[test]
fn a_wildcard_reads_the_subjects_it_matches() {
    let server = server();
    for (subject, sum) in [("orders.*", 1), ("orders.>", 11), ("*.new", 101), ("orders", 1000)] {
        let mut observer = Observer::new(&server.url(), "sum");
        let pipeline = Pipeline::new();
        let input = nats::read(&pipeline, server.url(), subject).json::<Input>();
        let total = reduce!(row in input => { sum: sum(row.value) });
        nats::write(&total, server.url(), "sum").json();
        let running = pipeline.start().expect("a running pipeline");

        let client = Client::new(&server.url());
        let messages = [("orders.new", 1), ("orders.new.express", 10), ("returns.new", 100), ("orders", 1000)];
        for (subject, number) in messages {
            client.publish(subject, [value(number)]);
        }
        observer.wait_for_sum(sum);
        stop(running);
        assert_eq!(observer.updates().last(), Some(&(sum, 1)), "{subject}");
    }
}
