//! How far sources are behind.

use pathway::prelude::*;
use pathway::stats::PipelineState;
use pathway_testkit::Server;

use super::support::{Js, source};
use crate::support::{Gate, Input, stop, wait_for};

#[test]
fn a_source_of_a_stream_says_how_far_it_is_behind() {
    let server = Server::start().expect("a server");
    let js = Js::with_stream(&server, "IN");
    js.publish("in.a", 0..2000);
    let (gate, pipeline) = (Gate::default(), Pipeline::new());
    let closed = gate.close();
    let passing = gate.clone();
    let input = nats::read(&pipeline, server.url(), "in.>").max_backlog(100).jetstream("IN").json::<Input>();
    let _seen = input.filter(move |_| passing.pass()).collect();
    let running = pipeline.start().expect("a start");
    // The worker holds a batch, the queue is full, and the server has the rest.
    wait_for("a full queue", || {
        source(&running).backlog >= 50 && source(&running).lag_messages.is_some_and(|lag| lag > 0)
    });
    let behind = source(&running);
    assert!(behind.is_behind, "{behind:?}");
    assert!(behind.lag_messages.is_some_and(|lag| (1500..2000).contains(&lag)), "{behind:?}");
    let lag = behind.lag_seconds.expect("a lag");
    assert!(lag > 0.0 && lag < 60.0, "{behind:?}");
    wait_for("a lag that grows", || source(&running).lag_seconds.is_some_and(|now| now > lag + 0.05));
    assert_eq!(running.stats().state, PipelineState::CatchingUp);

    drop(closed);
    wait_for("all rows", || source(&running).rows == 2000);
    wait_for("that it has caught up", || running.stats().state == PipelineState::Running);
    let caught_up = source(&running);
    assert_eq!((caught_up.backlog, caught_up.lag_messages, caught_up.lag_seconds), (0, Some(0), Some(0.0)));
    // It stays so while nothing comes, and with each message that does.
    js.publish("in.a", 2000..2010);
    wait_for("more rows", || source(&running).rows == 2010);
    assert_eq!((source(&running).lag_messages, source(&running).lag_seconds), (Some(0), Some(0.0)));
    assert!(source(&running).busy_seconds > 0.0);
    stop(running);
}

#[test]
fn a_bucket_says_how_many_keys_its_first_contents_have() {
    let server = Server::start().expect("a server");
    let js = Js::with_stream(&server, "IN");
    let contents = |running: &pathway::Running| {
        let source = source(running);
        (source.first_contents_received, source.first_contents)
    };
    js.with_bucket("limits", ["a", "b", "a", "c"]);
    let pipeline = Pipeline::new();
    let seen = nats::read(&pipeline, server.url(), "limits").kv().json::<Input>().collect();
    let running = pipeline.start().expect("a start");
    wait_for("the rows", || seen.rows().len() == 3);
    assert_eq!(contents(&running), (Some(3), Some(3)));
    stop(running);

    let pipeline = Pipeline::new();
    let seen = nats::read(&pipeline, server.url(), "in.>").jetstream("IN").json::<Input>().collect();
    js.publish("in.a", 0..2);
    let running = pipeline.start().expect("a start");
    wait_for("the rows", || seen.rows().len() == 2);
    assert_eq!(contents(&running), (None, None));
    stop(running);
}

#[test]
fn core_nats_does_not_say_how_far_a_source_is_behind() {
    let server = Server::builder().jetstream(false).start().expect("a server");
    let pipeline = Pipeline::new();
    let _seen = nats::read(&pipeline, server.url(), "in").json::<Input>().collect();
    let running = pipeline.start().expect("a start");
    let before = source(&running);
    assert_eq!((before.lag_messages, before.lag_seconds, before.is_behind), (None, None, false));
    assert_eq!(running.stats().state, PipelineState::Running);
    stop(running);
}

#[derive(Clone, Debug, Schema)]
struct Keyed {
    #[schema(primary_key)]
    id: i64,
    value: i64,
}

#[test]
fn a_source_with_a_primary_key_has_state() {
    for workers in [1, 2] {
        let (broker, pipeline) = (pathway::testing::Broker::new(), Pipeline::new());
        let input = nats::read(&pipeline, &broker, "in").json::<Keyed>();
        let _seen = input.collect();
        let running = pipeline.start_with(workers).expect("a start");
        for number in 0..100 {
            broker.publish("in", format!(r#"{{"id": {}, "value": {number}}}"#, number % 40));
        }
        broker.commit();
        running.stop();
        let stats = running.join().expect("the end");
        assert_eq!(stats.sources[0].state_keys, 40, "{workers} workers");
        assert!(stats.sources[0].state_bytes >= 40 * 16 && stats.sources[0].busy_seconds > 0.0, "{stats:?}");
    }
}
