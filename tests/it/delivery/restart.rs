//! The server restarts: the pipeline continues, and waiting output is published.

use super::support::{Client, Observer, realtime_sum, server};
use crate::support::{Input, join, stop, value, wait_for};
use pathway::prelude::*;
use pathway_testkit::Server;

#[test]
fn messages_after_a_restart_are_summed() {
    let mut server = server();
    let mut observer = Observer::new(&server.url(), "sum");
    let running = realtime_sum(&server.url()).start().expect("a running pipeline");
    Client::new(&server.url()).publish("connector_example", (0..10).map(value));
    observer.wait_for_sum(45);

    server.restart().expect("a server");
    wait_for("both ends are back", || {
        let stats = running.stats();
        stats.sources[0].reconnects == 1 && stats.sinks[0].reconnects == 1
    });
    let mut observer = Observer::new(&server.url(), "sum");
    Client::new(&server.url()).publish("connector_example", (10..100).map(value));
    observer.wait_for_sum(4950);

    let source = &running.stats().sources[0];
    assert_eq!((source.received, source.rows, source.dropped), (100, 100, 0));
    stop(running);
}

#[test]
fn output_made_during_an_outage_is_published_after_it() {
    let mut server = Server::start().expect("a server");
    // A stream records the output, because it is subscribed before any client can be: it misses no message.
    let stream = r#"{"name": "SUMS", "subjects": ["sum"], "storage": "file", "allow_direct": true}"#;
    let created = Client::new(&server.url()).request("$JS.API.STREAM.CREATE.SUMS", stream);
    assert!(created.contains("SUMS") && !created.contains("error"), "{created}");

    let pipeline = Pipeline::new();
    let (feed, input) = pipeline.input::<Input>();
    let total = reduce!(row in input => { sum: sum(row.value) });
    nats::write(&total, server.url(), "sum").json();
    let running = pipeline.start().expect("a running pipeline");
    server.stop();
    for value in 0..10 {
        feed.insert(Input { value });
        feed.commit();
    }
    let sink = || running.stats().sinks[0].clone();
    assert_eq!((sink().queued, sink().published), (19, 0));

    server.restart().expect("a server");
    wait_for("all is published", || sink().published == 19);
    assert_eq!(sink().reconnects, 1);
    let client = Client::new(&server.url());
    let last = client.request("$JS.API.DIRECT.GET.SUMS", r#"{"last_by_subj": "sum"}"#);
    assert!(last.starts_with(r#"{"sum":45,"diff":1,"#), "{last}");
    drop(feed);
    join(running).expect("the pipeline ends without an error");
}
