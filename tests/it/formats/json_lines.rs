//! Messages that hold many rows: JSON Lines and arrays.

use pathway::prelude::*;
use pathway::testing::Broker;

use super::support::{headers, rows};
use crate::support::join;

#[derive(Schema, Debug, PartialEq, PartialOrd)]
struct Order {
    #[schema(subject)]
    subject: String,
    id: i64,
    #[schema(default = 1)]
    quantity: i64,
}

fn ids(payload: &str) -> (Vec<i64>, u64, u64) {
    let (seen, stats) =
        rows(|p, b| nats::read(p, b, "in").json_lines::<Order>(), |broker| broker.publish("in", payload));
    let source = &stats.sources[0];
    assert_eq!(source.received, 1);
    (seen.iter().map(|order| order.id).collect(), source.rows, source.rejected)
}

#[test]
fn each_line_or_element_is_a_row() {
    assert_eq!(ids("{\"id\":1}"), (vec![1], 1, 0));
    assert_eq!(ids("{\"id\":1}\n{\"id\":2}"), (vec![1, 2], 2, 0));
    assert_eq!(ids("\n {\"id\":1}\r\n\n{\"id\":2} \n\n"), (vec![1, 2], 2, 0));
    assert_eq!(ids("[{\"id\":1},\n {\"id\":2}]"), (vec![1, 2], 2, 0));
    assert_eq!(ids(" [] "), (vec![], 0, 0));
}

#[test]
fn a_bad_row_is_rejected_by_itself() {
    assert_eq!(ids("{\"id\":1}\n{\"id\":\"two\"}\n{\"id\":3}\nnone\n[{\"id\":5}]\n{\"id\":6}"), (vec![1, 3, 6], 3, 3));
    assert_eq!(ids("[{\"id\":1}, {}, null, {\"id\":4}]"), (vec![1, 4], 2, 2));
}

#[test]
fn an_array_that_is_not_json_is_rejected_as_a_whole() {
    assert_eq!(ids("[{\"id\":1}, {\"id\":2}"), (vec![], 0, 1));
    assert_eq!(ids("[{\"id\":1}]\n[{\"id\":2}]"), (vec![], 0, 1));
    assert_eq!(ids(" \n"), (vec![], 0, 1));
}

/// The rows of a message are in one commit, and a dead letter has one row, with its index and the offset in it.
#[test]
fn the_rows_of_a_message_share_a_commit_and_the_bad_ones_become_dead_letters() {
    let (pipeline, broker) = (Pipeline::named("test"), Broker::new());
    let orders = nats::read(&pipeline, &broker, "in.>").name("in").dead_letter("dead").json_lines::<Order>();
    let seen = orders.collect();
    let running = pipeline.start().expect("a running pipeline");
    broker.publish("in.a", "{\"id\":1}\n{\"id\":\"two\"}\n{\"id\":3,\"quantity\":5}");
    broker.commit();
    broker.close();
    join(running).expect("the pipeline ends without an error");
    let order = |id, quantity| Order { subject: "in.a".into(), id, quantity };
    assert_eq!(seen.changes(), [(0, order(1, 1), 1), (0, order(3, 5), 1)]);
    let dead = broker.published("dead");
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].text(), "{\"id\":\"two\"}");
    assert_eq!(
        headers(&dead[0]),
        "pathway_reason=row 1 of the message, counted from 0: expected an integer (i64), found `\"two\"`;pathway_subject=in.a;\
         pathway_column=id;pathway_offset=6;pathway_pipeline=test;pathway_source=in"
    );
}
