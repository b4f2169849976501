//! Where a pipeline is monitored, from its start to its end.

use std::net::{TcpListener, TcpStream};

use super::support::{address, get};
use crate::delivery::child::Child;
use pathway::ErrorKind;
use pathway::prelude::*;

#[derive(Schema)]
struct Row {
    id: i64,
}

/// A pipeline that runs until its feed is dropped.
fn pipeline() -> (Pipeline, pathway::io::Feed<Row>) {
    let pipeline = Pipeline::new();
    let (feed, rows) = pipeline.input::<Row>();
    let _rows = rows.collect();
    (pipeline, feed)
}

#[test]
fn nothing_is_served_unless_asked_for() {
    let (pipeline, feed) = pipeline();
    let running = pipeline.start().expect("a start");
    assert_eq!(running.monitor_address(), None);
    drop(feed);
    running.join().expect("an end");
}

#[test]
fn the_server_ends_with_the_pipeline() {
    let (pipeline, feed) = pipeline();
    let running = pipeline.monitor("127.0.0.1:0").start().expect("a start");
    let address = address(&running);
    assert_eq!(get(&running, "/live").status, 200);
    drop(feed);
    running.join().expect("an end");
    assert!(TcpStream::connect(address).is_err());
    // And another one can have its place.
    let (pipeline, _feed) = self::pipeline();
    let running = pipeline.monitor(address.to_string()).start().expect("a start");
    assert_eq!(running.monitor_address(), Some(address));
}

#[test]
fn an_address_in_use_is_an_error_that_names_it() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let (pipeline, _feed) = pipeline();
    let error = pipeline.monitor(&*address).start().map(drop).expect_err("it is in use");
    assert_eq!(error.kind(), ErrorKind::Config);
    let message = error.to_string();
    assert!(
        message.starts_with(&format!("the address of `monitor` is `{address}`: cannot listen there:")),
        "{message}"
    );
    assert!(message.contains("choose another port"), "{message}");
}

#[test]
fn what_is_no_address_is_an_error_with_the_cure() {
    for wrong in ["", "20000", "localhost", "127.0.0.1:99999", "http://127.0.0.1:20000", "on"] {
        let (pipeline, _feed) = pipeline();
        let error = pipeline.monitor(wrong).start().map(drop).expect_err(wrong);
        assert_eq!(error.kind(), ErrorKind::Config, "{wrong}");
        assert!(error.to_string().contains("such as `127.0.0.1:20000`"), "{wrong}: {error}");
    }
}

/// A pipeline that does not start leaves the address free.
#[test]
fn a_failed_start_serves_nothing() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let pipeline = Pipeline::new().monitor(free.to_string());
    let options = nats::Options::new().connect_deadline(Duration::ZERO);
    let _rows = nats::read(&pipeline, "nats://127.0.0.1:1", "rows").options(options).json::<Row>().collect();
    let error = pipeline.start().map(drop).expect_err("no server");
    assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
    assert!(TcpListener::bind(free).is_ok());
}

#[test]
fn the_environment_asks_for_it_too() {
    let (status, said) = Child::start("say how it is monitored", "", &[("PATHWAY_MONITORING", "127.0.0.1:0")]).end();
    assert!(status.success() && said.contains("monitored at 127.0.0.1:"), "{said}");
    let (status, said) = Child::start("say how it is monitored", "", &[]).end();
    assert!(status.success() && said.contains("not monitored"), "{said}");
    let (status, said) = Child::start("say how it is monitored", "", &[("PATHWAY_MONITORING", "")]).end();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("PATHWAY_MONITORING is set, and empty: set it to a host and a port"), "{said}");
    for wrong in ["20000", "all", "127.0.0.1"] {
        let (status, said) = Child::start("say how it is monitored", "", &[("PATHWAY_MONITORING", wrong)]).end();
        assert_eq!(status.code(), Some(1), "{said}");
        let expected = format!("Config: PATHWAY_MONITORING is `{wrong}`: ");
        assert!(said.contains(&expected) && said.contains("such as `127.0.0.1:20000`"), "{said}");
    }
}
