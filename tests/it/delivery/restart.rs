//! A server that goes and comes back: the pipeline goes on, and what waited is published.

use super::support::{Client, Input, Witness, realtime_sum, server, value, wait_for};
use pathway::prelude::*;
use pathway_testkit::Server;

#[test]
fn messages_after_a_restart_are_summed() {
    let mut server = server();
    let mut witness = Witness::new(&server.url(), "sum");
    let running = realtime_sum(&server.url()).start().expect("a running pipeline");
    Client::new(&server.url()).publish("connector_example", (0..10).map(value));
    witness.wait_for_sum(45);

    server.restart().expect("a server");
    wait_for("both ends are back", || {
        let stats = running.stats();
        stats.sources[0].reconnects == 1 && stats.sinks[0].reconnects == 1
    });
    let mut witness = Witness::new(&server.url(), "sum");
    Client::new(&server.url()).publish("connector_example", (10..100).map(value));
    witness.wait_for_sum(4950);

    let source = &running.stats().sources[0];
    assert_eq!((source.received, source.rows, source.dropped), (100, 100, 0));
    running.stop();
    running.join().expect("an orderly end");
}

#[test]
fn what_was_made_while_the_server_was_away_is_published_when_it_is_back() {
    let mut server = Server::start().expect("a server");
    // The stream subscribes before any client can: it misses nothing of what the sink publishes first.
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
    running.join().expect("an orderly end");
}
