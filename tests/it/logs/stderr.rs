//! Without a subscriber.

use super::Summing;
use crate::delivery::child::Child;
use crate::delivery::support::server;
use crate::jetstream::persistence::Folder;
use crate::jetstream::support::{Js, server as server_with_jetstream, stream};
use crate::support::{value, wait_for};
use pathway_testkit::Server;

/// From the connection to the totals, and without credentials.
#[test]
fn run_says_what_happens_from_the_connection_to_the_totals() {
    let config = r#"authorization { users = [{ user: "reader", password: "s3cret" }] }"#;
    let server = Server::builder().jetstream(false).config(config).start().expect("a server");
    let uri = server.url().replace("nats://", "nats://reader:s3cret@");
    let child = Child::start("sum", &uri, &[]);
    wait_for("it is ready", || child.said().contains("pathway: info: pipeline: ready: 1 source, 1 sink, 1 worker"));
    child.signal("TERM");
    let (status, said) = child.end();
    assert!(status.success(), "{said}");
    let address = server.url();
    for end in ["connector_example", "sum"] {
        let line = format!("pathway: info: {end}: connected to {address} (nats-server 2.");
        assert_eq!(said.matches(&line).count(), 1, "{said}");
    }
    for line in ["received SIGTERM", "stopping: it reads no more, and writes what is left", "stopped after "] {
        assert_eq!(said.matches(&format!("pathway: info: pipeline: {line}")).count(), 1, "{line}: {said}");
    }
    assert!(said.contains(" s: 0 commits, 0 messages read, 0 written"), "{said}");
    assert!(!said.contains("s3cret"), "{said}");
}

#[test]
fn the_totals_name_what_was_lost() {
    let server = server();
    let summing = Summing::start(&server, &[]);
    summing.client.publish("connector_example", ["bad".to_owned(), value(1)]);
    wait_for("the bad message is reported", || summing.child.said().contains("is skipped"));
    let said = summing.stop();
    assert!(said.contains(" messages read, ") && said.contains(" written, 1 rejected when read"), "{said}");
}

/// Its program may log as it likes: only what needs attention goes to stderr.
#[test]
fn a_pipeline_inside_a_larger_program_says_nothing_of_normal_events() {
    let (status, said) = Child::start("count workers", "", &[]).end();
    assert!(status.success() && said.contains("1 workers"), "{said}");
    assert!(!said.contains("pathway: info"), "{said}");
}

#[test]
fn a_backlog_that_is_worked_off_and_checkpoints_are_reported() {
    let server = server_with_jetstream();
    let jetstream = Js::new(&server);
    jetstream.create(stream("IN"));
    jetstream.publish("in.a", 0..5);
    let folder = Folder::new();
    let child = Child::start("sum a stream", &server.url(), &[("PATHWAY_PERSISTENT_STORAGE", folder.path())]);
    wait_for("it has caught up", || {
        let said = child.said();
        said.contains("pathway: info: pipeline: caught up after ") && said.contains("s: everything stored is read")
    });
    let line = "pathway: info: persistence: the checkpoint before commit ";
    wait_for("a checkpoint", || child.said().contains(line));
    child.signal("TERM");
    let (status, said) = child.end();
    assert!(status.success() && said.contains(" is complete: "), "{said}");
}

#[test]
fn a_signal_ends_a_started_pipeline_with_its_statistics() {
    let server = server();
    let child = Child::start("run until a signal", &server.url(), &[]);
    wait_for("it runs", || child.said().contains("it runs"));
    child.signal("INT");
    let (status, said) = child.end();
    assert!(status.success() && said.contains("0 commits in the end"), "{said}");
}
