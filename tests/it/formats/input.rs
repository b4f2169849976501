//! Text, bytes, changes, and formats that a program brings along.

use pathway::format::{Decode, DecodeError, Message};
use pathway::prelude::*;
use pathway::testing::Broker;

use super::support::rows;

fn publish(payloads: &[&[u8]]) -> impl FnOnce(&Broker) {
    move |broker| payloads.iter().for_each(|payload| broker.publish("in", payload))
}

#[test]
fn text_is_kept_as_it_was_sent() {
    let payloads: &[&[u8]] = &[b" a \n", b"", b"\xff", "\u{a0}å".as_bytes(), b"*COMMIT*", b"\xe2\x82"];
    let (seen, stats) = rows(|p, b| nats::read(p, b, "in").plaintext(), publish(payloads));
    let seen: Vec<_> = seen.into_iter().map(|row| row.data).collect();
    assert_eq!(seen, ["", " a \n", "*COMMIT*", "\u{a0}å"]);
    assert_eq!((stats.sources[0].rows, stats.sources[0].rejected), (4, 2));
}

#[test]
fn bytes_are_kept_as_they_were_sent() {
    let payloads: &[&[u8]] = &[b"\xff\0", b"", b" {} "];
    let (seen, _) = rows(|p, b| nats::read(p, b, "in").raw(), publish(payloads));
    let seen: Vec<_> = seen.iter().map(|row| &row.data[..]).collect();
    assert_eq!(seen, [&b""[..], b" {} ", b"\xff\0"]);
}

#[derive(Schema, Debug, PartialEq)]
struct Total {
    city: String,
    total: i64,
}

fn total(city: &str, total: i64) -> Total {
    Total { city: city.into(), total }
}

#[test]
fn changes_come_and_go() {
    let (seen, stats) = rows(
        |p, b| nats::read(p, b, "in").changes::<Total>(),
        |broker| {
            broker.publish("in", r#"{"city":"a","total":1,"diff":1,"time":2}"#);
            broker.publish("in", r#"{"city":"b","total":1,"diff":1,"time":2}"#);
            broker.publish("in", r#"{"city":"a","total":1,"diff":-1,"time":4}"#);
            // The header says it, where there is one.
            broker.publish_with_headers("in", [("pathway_diff", "1")], r#"{"city":"a","total":2}"#);
            broker.publish_with_headers("in", [("pathway_diff", "-1")], r#"{"city":"b","total":1,"diff":1}"#);
            // What comes last counts, as for columns.
            broker.publish("in", r#"{"diff":7,"city":"c","total":1,"diff":1}"#);
            for bad in ["1.0", "0", "2", "\"1\"", "null", "true", "[1]"] {
                broker.publish("in", format!(r#"{{"city":"d","total":1,"diff":{bad}}}"#));
            }
            broker.publish("in", r#"{"city":"d","total":1}"#);
            broker.publish_with_headers("in", [("pathway_diff", "+1")], r#"{"city":"d","total":1,"diff":1}"#);
            broker.publish("in", r#"{"city":"d","diff":1}"#);
            broker.publish("in", r#"{"city":"d","total":1,"diff":1"#);
        },
    );
    assert_eq!(seen, [total("a", 2), total("c", 1)]);
    assert_eq!(stats.sources[0].rejected, 11);
}

/// What was written is read back through a subject, and stands where the table stands.
#[test]
fn a_table_chained_through_a_subject() {
    let (broker, pipeline) = (Broker::new(), Pipeline::new());
    let orders = nats::read(&pipeline, &broker, "orders").json::<Total>();
    let totals = reduce!(o in orders by o.city => Total { city: o.city, total: sum(o.total) });
    nats::write(&totals, &broker, "totals").json();
    let totals = nats::read(&pipeline, &broker, "totals").changes::<Total>();
    let all = reduce!(t in totals => { cities: count(), total: sum(t.total) }).collect();
    let running = pipeline.start().expect("running");
    for (city, number) in [("a", 1), ("b", 2), ("a", 3), ("c", 4), ("b", -2)] {
        broker.publish("orders", format!(r#"{{"city":"{city}","total":{number}}}"#));
        broker.commit();
    }
    // What the last commit wrote is read with one more.
    broker.commit();
    broker.close();
    running.join().expect("an orderly end");
    let all = all.rows();
    assert_eq!((all.len(), all[0].cities, all[0].total), (1, 3, 8));
}

/// `key=value`, as a type with settings.
struct Pairs {
    separator: char,
}

impl Decode for Pairs {
    type Row = Total;

    fn decode(&self, message: &Message<'_>) -> Result<Total, DecodeError> {
        let text = std::str::from_utf8(message.payload)
            .map_err(|error| DecodeError::payload("not UTF-8", error.valid_up_to()))?;
        let (city, number) =
            text.split_once(self.separator).ok_or_else(|| DecodeError::payload("no pair", text.len()))?;
        Ok(total(city, number.parse().map_err(|_| DecodeError::payload("no number", city.len() + 1))?))
    }
}

#[test]
fn a_format_of_ones_own() {
    let payloads: &[&[u8]] = &[b"a=1", b"a", b"b=x", b"\xff=1"];
    let (seen, stats) = rows(|p, b| nats::read(p, b, "in").decode(Pairs { separator: '=' }), publish(payloads));
    assert_eq!((seen.as_slice(), stats.sources[0].rejected), (&[total("a", 1)][..], 3));
    let first = |message: &Message<'_>| Ok(total(message.subject, message.payload.len() as i64));
    let (seen, _) = rows(|p, b| nats::read(p, b, "in").decode(first), publish(&[b"abc"]));
    assert_eq!(seen, [total("in", 3)]);
}
