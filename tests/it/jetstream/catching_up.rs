//! A clock moves event time only while nothing is stored that is not processed.

use std::time::{Duration, Instant};

use pathway::prelude::*;
use pathway::time::Tick;

use super::support::{Js, server, stream};
use crate::support::{Link, stop, wait_for};

#[derive(Schema)]
struct Reading {
    device: i64,
    at: DateTimeUtc,
}

#[derive(Clone, Debug, Schema)]
struct Inactive {
    device: i64,
    since: DateTimeUtc,
}

const TIMEOUT: Duration = Duration::from_millis(500);

#[test]
fn an_outage_makes_no_key_inactive() {
    let server = server();
    let link = Link::new(server.port());
    let js = Js::new(&server);
    js.create(stream("IN"));
    let pipeline = Pipeline::new();
    let readings = nats::read(&pipeline, link.url(), "in.readings").jetstream("IN").json::<Reading>();
    let clock = pipeline.clock(Duration::from_millis(20));
    let groups = readings.timed(|r| r.at).group_by(|r| r.device);
    let inactive = groups.inactive_for(
        TIMEOUT,
        &clock,
        |tick: &Tick| tick.at,
        |device, since| Inactive { device: *device, since },
    );
    let inactive = inactive.collect();
    let running = pipeline.start().expect("a running pipeline");
    let publish = || {
        let reading =
            |device| (String::from("in.readings"), format!(r#"{{"device":{device},"at":"{}"}}"#, DateTimeUtc::now()));
        js.publish_all([reading(1), reading(2)]);
    };
    // The outage is longer than the timeout; the devices send all the time.
    publish();
    wait_for("the first readings", || running.stats().sources[0].rows == 2);
    link.cut();
    let begin = Instant::now();
    let mut published = 2;
    wait_for("a long outage", || {
        publish();
        published += 2;
        begin.elapsed() > 3 * TIMEOUT
    });
    link.restore();
    wait_for("the stored readings", || {
        publish();
        published += 2;
        running.stats().sources[0].rows > published / 2
    });
    assert_eq!(inactive.changes().len(), 0, "{:?}", inactive.changes());
    // Now they fall silent.
    wait_for("both are inactive", || inactive.rows().len() == 2);
    stop(running);
}
