//! The README's program on a server, and two programs on one subject.

use super::support::{Client, Observer, json, realtime_sum, server, text};
use crate::support::{Input, stop, value};
use pathway::prelude::*;

#[test]
fn the_readme_program_sums_ten_messages() {
    let server = server();
    let mut observer = Observer::new(&server.url(), "sum");
    let running = realtime_sum(&server.url()).start().expect("a running pipeline");
    Client::new(&server.url()).publish("connector_example", (0..10).map(value));
    observer.wait_for_sum(45);

    let mut before = None;
    let mut newest = 0;
    for message in observer.seen() {
        let json = json(message);
        let (sum, diff, time) = (json["sum"].as_i64(), json["diff"].as_i64(), json["time"].as_i64().expect("a time"));
        assert!(time >= newest && time % 2 == 0, "{json}");
        newest = time;
        // A retraction has the value of the last insertion, and there is one row at a time.
        assert_eq!(before.is_some(), diff == Some(-1), "{json}");
        match diff {
            Some(-1) => assert_eq!(before.take(), sum),
            _ => before = sum,
        }
        let headers = message.headers.as_ref().expect("headers");
        let header = |name: &str| headers.get(name).map(|value| value.as_str().to_owned());
        assert_eq!(header("pathway_time"), Some(time.to_string()));
        assert_eq!(header("pathway_diff"), diff.map(|diff| diff.to_string()));
        assert_eq!(text(message), format!(r#"{{"sum":{},"diff":{},"time":{time}}}"#, json["sum"], json["diff"]));
    }

    let stats = running.stats();
    let (source, sink) = (&stats.sources[0], &stats.sinks[0]);
    assert_eq!((source.name.as_str(), sink.name.as_str()), ("connector_example", "sum"));
    assert_eq!((source.received, source.rows, source.rejected, source.dropped), (10, 10, 0, 0));
    assert_eq!(source.bytes, 10 * value(0).len() as u64);
    assert_eq!(sink.queued, observer.seen().len() as u64);
    assert!((1..=10).contains(&stats.commits), "{stats:?}");
    stop(running);
}

#[test]
fn two_programs_on_one_subject_both_see_every_message() {
    let server = server();
    let mut observers = ["sum.a", "sum.b"].map(|subject| Observer::new(&server.url(), subject));
    let running = ["sum.a", "sum.b"].map(|subject| {
        let pipeline = Pipeline::new();
        let input = nats::read(&pipeline, server.url(), "connector_example").json::<Input>();
        let total = reduce!(row in input => { sum: sum(row.value) });
        nats::write(&total, server.url(), subject).json();
        pipeline.start().expect("a running pipeline")
    });
    Client::new(&server.url()).publish("connector_example", (0..1000).map(value));
    for observer in &mut observers {
        observer.wait_for_sum(499_500);
    }
    for running in running {
        assert_eq!(running.stats().sources[0].received, 1000);
        stop(running);
    }
}
