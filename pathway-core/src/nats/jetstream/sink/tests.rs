//! Publishing into streams of a real server, where the time that the last messages may take is short.

use std::thread::JoinHandle;

use pathway_testkit::{Server, wait_for};

use super::*;
use crate::connector::sink::{EncodedBatch, MessageMeta, SinkLink, start_sink};
use crate::data::{Error, ErrorKind};
use crate::nats::client::support::with_client;

/// A server with the stream `OUT`, which may have one message of each subject.
fn server() -> Server {
    let server = Server::start().expect("a server");
    let config = r#"{"name":"OUT","subjects":["out.>"],"storage":"file","retention":"limits","discard":"new",
        "discard_new_per_subject":true,"max_msgs_per_subject":1}"#;
    with_client(&server.url(), async |client| {
        let created = client.request("$JS.API.STREAM.CREATE.OUT", config.into()).await.expect("an answer");
        assert!(!String::from_utf8_lossy(&created.payload).contains("error"), "{:?}", created.payload);
    });
    server
}

fn start(server: &Server) -> (SinkLink, JoinHandle<()>) {
    let uri = NatsUri::parse(&server.url()).expect("a URI");
    let publisher = StreamPublisher::new(uri, "OUT", "".into()).expect("a publisher");
    let link = SinkLink::new("test".into(), Default::default());
    let thread = start_sink(publisher.drain_timeout(Duration::from_millis(500)), link.clone()).expect("a sink");
    (link, thread)
}

/// Ends the outbox; returns why the pipeline failed, if it did.
fn finish((link, thread): (SinkLink, JoinHandle<()>)) -> Option<Error> {
    link.outbox.finish();
    thread.join().expect("no panic");
    link.control.take_error()
}

/// A batch with a message for each subject.
fn batch(commit: u64, subjects: &[&str]) -> EncodedBatch {
    let mut batch = EncodedBatch::new(commit, 1_000, "".into());
    for subject in subjects {
        batch.payloads.extend_from_slice(b"x");
        batch.push(true, Some(Box::new(MessageMeta { subject: Some((*subject).into()), ..MessageMeta::default() })));
    }
    batch
}

#[test]
fn a_stop_names_what_full_subjects_have_not_stored() {
    let server = server();
    let sink = start(&server);
    sink.0.outbox.push(batch(0, &["out.a", "out.b"]));
    wait_for("the first batch", || sink.0.outbox.unconfirmed() == 0);
    sink.0.outbox.push(batch(1, &["out.a", "out.c", "out.a", "out.b", "out.d"]));
    let error = finish(sink).expect("an error");
    assert_eq!(error.kind(), ErrorKind::Network);
    let expected = "3 messages could not be stored, for `out.a` (2), `out.b` (1): ";
    let reason = "maximum messages per subject exceeded";
    assert!(error.to_string().contains(expected) && error.to_string().ends_with(reason), "{error}");
}
