//! Plaintext, raw bytes, change streams, and custom formats.

use pathway::ErrorKind;
use pathway::format::{Decode, DecodeError, Message};
use pathway::prelude::*;
use pathway::testing::Broker;

use super::support::rows;
use crate::support::{assert_error, join, wait_for};

fn publish(payloads: &[&[u8]]) -> impl FnOnce(&Broker) {
    move |broker| payloads.iter().for_each(|payload| broker.publish("in", payload))
}

#[test]
fn plaintext_is_read_unchanged() {
    let payloads: &[&[u8]] = &[b" a \n", b"", b"\xff", "\u{a0}å".as_bytes(), b"*COMMIT*", b"\xe2\x82"];
    let (seen, stats) = rows(|p, b| nats::read(p, b, "in").plaintext(), publish(payloads));
    let seen: Vec<_> = seen.into_iter().map(|row| row.data).collect();
    assert_eq!(seen, ["", " a \n", "*COMMIT*", "\u{a0}å"]);
    assert_eq!((stats.sources[0].rows, stats.sources[0].rejected), (4, 2));
}

#[test]
fn raw_bytes_are_read_unchanged() {
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
fn changes_insert_and_remove_rows() {
    let (seen, stats) = rows(
        |p, b| nats::read(p, b, "in").changes::<Total>(),
        |broker| {
            broker.publish("in", r#"{"city":"a","total":1,"diff":1,"time":2}"#);
            broker.publish("in", r#"{"city":"b","total":1,"diff":1,"time":2}"#);
            broker.publish("in", r#"{"city":"a","total":1,"diff":-1,"time":4}"#);
            // A header takes precedence.
            broker.publish_with_headers("in", [("pathway_diff", "1")], r#"{"city":"a","total":2}"#);
            broker.publish_with_headers("in", [("pathway_diff", "-1")], r#"{"city":"b","total":1,"diff":1}"#);
            // The last one counts, as for columns.
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

/// The change stream of a table is read back through a subject, and gives the same table.
#[test]
fn a_table_is_passed_on_through_a_subject() {
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
    // One more commit reads what the last one wrote.
    broker.commit();
    broker.close();
    join(running).expect("the pipeline ends without an error");
    let all = all.rows();
    assert_eq!((all.len(), all[0].cities, all[0].total), (1, 3, 8));
}

/// Decodes `key=value`, with the separator as a setting.
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
fn a_custom_format_is_read() {
    let payloads: &[&[u8]] = &[b"a=1", b"a", b"b=x", b"\xff=1"];
    let (seen, stats) = rows(|p, b| nats::read(p, b, "in").decode(Pairs { separator: '=' }), publish(payloads));
    assert_eq!((seen.as_slice(), stats.sources[0].rejected), (&[total("a", 1)][..], 3));
    let first = |message: &Message<'_>| Ok(total(message.subject, message.payload.len() as i64));
    let (seen, _) = rows(|p, b| nats::read(p, b, "in").decode(first), publish(&[b"abc"]));
    assert_eq!(seen, [total("in", 3)]);
}

/// What a pipeline that stops at bad messages has published when it has ended, and its rows, rejections and dead letters.
fn stopped_after(workers: usize, commits: &[&[&str]]) -> (Vec<String>, (u64, u64, u64)) {
    let (pipeline, broker) = (Pipeline::new(), Broker::new());
    let input = nats::read(&pipeline, &broker, "in").on_decode_error(OnDecodeError::Stop).dead_letter("dead");
    nats::write(&input.json_lines::<Total>(), &broker, "out").json();
    let running = pipeline.start_with(workers).expect("a running pipeline");
    for commit in commits {
        commit.iter().for_each(|payload| broker.publish("in", payload));
        broker.commit();
    }
    let stats = {
        wait_for("the end", || running.is_finished());
        running.stats()
    };
    assert_error(&join(running).expect_err("a bad message"), ErrorKind::Decode, &["source `in`", "cannot be decoded"]);
    let texts = broker.published(">").into_iter().map(|message| {
        let text = message.text().into_owned();
        text.split_once(",\"diff\"").map_or(text.clone(), |(columns, _)| columns.to_owned())
    });
    let source = &stats.sources[0];
    (texts.collect(), (source.rows, source.rejected, source.dead_letters))
}

#[test]
fn a_stop_at_a_bad_message_commits_all_before_it_and_nothing_after_it() {
    let row = |city: &str| format!(r#"{{"city":"{city}","total":1}}"#);
    let [a, b, c, d] = ["a", "b", "c", "d"].map(row);
    let out = |city: &str| format!(r#"{{"city":"{city}","total":1"#);
    for workers in [1, 2] {
        let (published, counted) = stopped_after(workers, &[&[&a], &[&b, "bad", &c, "worse"], &[&d]]);
        let mut sorted = published.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, ["bad".to_owned(), out("a"), out("b")]);
        assert_eq!(counted, (2, 1, 1));
        // Of a message that is bad in part, nothing takes effect.
        let (published, counted) = stopped_after(workers, &[&[&a, &format!("{b}\nbad\n{c}\nworse"), &d]]);
        let mut sorted = published.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, ["bad".to_owned(), out("a")]);
        assert_eq!(counted, (1, 1, 1));
    }
}
