//! Which pipelines answer, and when.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use pathway::persistence;
use pathway::prelude::*;
use pathway_testkit::Server;

use super::support::{Micro, start_copy};
use crate::support::{Input, Link, stop, value, wait_for};

fn server() -> Server {
    Server::builder().jetstream(false).start().expect("a server")
}

#[test]
fn pipelines_on_one_server_answer_for_themselves() {
    let server = server();
    let running = ["one", "one", "other"].map(|name| start_copy(name, &server.url()));
    let micro = Micro::new(&server.url());
    let all = micro.ask_all("$SRV.PING", 3);
    let mut names: Vec<_> = all.iter().map(|answer| answer["name"].as_str().expect("a name")).collect();
    names.sort_unstable();
    assert_eq!(names, ["one", "one", "other"]);
    assert!(all.windows(2).all(|pair| pair[0]["id"] != pair[1]["id"]), "{all:?}");
    let ones = micro.ask_all("$SRV.STATS.one", 2);
    for one in &ones {
        let id = one["id"].as_str().expect("an id");
        assert_eq!(micro.ask(&format!("$SRV.INFO.one.{id}"))["id"], id);
    }
    running.into_iter().for_each(stop);
}

/// It is that of the first source, wherever the sinks are and whatever was declared before.
#[test]
fn a_pipeline_answers_on_the_server_of_its_first_source() {
    let [one, two] = [server(), server()];
    let pipeline = Pipeline::named("between");
    let (_feed, rows) = pipeline.input::<Input>();
    nats::write(&rows, one.url(), "rows").json();
    let input = nats::read(&pipeline, two.url(), "orders").json::<Input>();
    nats::write(&input, one.url(), "copies").json();
    let running = pipeline.start().expect("a running pipeline");
    assert_eq!(Micro::new(&two.url()).ask("$SRV.STATS.between")["endpoints"].as_array().map(Vec::len), Some(3));
    assert!(Micro::new(&one.url()).is_unknown("$SRV.PING"));
    stop(running);
}

#[test]
fn a_pipeline_without_a_source_on_nats_answers_on_the_server_of_its_first_sink() {
    let server = server();
    let pipeline = Pipeline::named("rows");
    let (feed, rows) = pipeline.input::<Input>();
    nats::write(&rows, server.url(), "rows").json();
    let running = pipeline.start().expect("a running pipeline");
    let micro = Micro::new(&server.url());
    feed.insert(Input { value: 1 });
    feed.commit();
    wait_for("the message", || micro.ask("$SRV.STATS.rows")["endpoints"][0]["num_requests"] == 1);
    stop(running);
}

#[test]
fn a_pipeline_does_not_answer_if_its_program_does_not_want_it() {
    let server = server();
    let pipeline = Pipeline::named("quiet").nats_service(false);
    let input = nats::read(&pipeline, server.url(), "orders").json::<Input>();
    let seen = input.collect();
    let quiet = pipeline.start().expect("a running pipeline");
    let other = start_copy("other", &server.url());
    let micro = Micro::new(&server.url());
    micro.ask("$SRV.STATS.other");
    assert!(micro.is_unknown("$SRV.PING.quiet") && micro.is_unknown("$SRV.STATS.quiet"));
    micro.publish("orders", [value(1)]);
    wait_for("a row", || seen.rows() == [Input { value: 1 }]);
    stop(other);
    wait_for("nobody answers", || micro.is_unknown("$SRV.PING"));
    stop(quiet);
}

#[test]
fn a_pipeline_answers_again_when_its_server_is_back() {
    let mut server = server();
    let running = start_copy("orders-service", &server.url());
    let before = Micro::new(&server.url()).ask("$SRV.STATS.orders-service");
    for _ in 0..2 {
        server.restart().expect("a server");
        let micro = Micro::new(&server.url());
        let after = micro.ask("$SRV.STATS.orders-service");
        assert_eq!((&after["id"], &after["started"]), (&before["id"], &before["started"]));
        micro.publish("orders", [value(1)]);
    }
    let stats = || Micro::new(&server.url()).ask("$SRV.STATS.orders-service");
    wait_for("the second message", || stats()["endpoints"][1]["num_requests"] == 2);
    // The service counts for nothing.
    let reconnects = [running.stats().sources[0].reconnects, running.stats().sinks[0].reconnects];
    assert_eq!(reconnects, [2, 2]);
    stop(running);
}

/// The sources and sinks connect first, and the service only when they have: here, the server takes no more connections.
#[test]
fn the_service_takes_no_connection_that_a_source_or_sink_needs() {
    let mut server = Server::builder().jetstream(false).config("max_connections: 2").start().expect("a server");
    let running = start_copy("orders-service", &server.url());
    for restarts in 1..=3 {
        server.restart().expect("a server");
        let stats = || running.stats();
        wait_for("both are back", || {
            stats().sources[0].reconnects == restarts && stats().sinks[0].reconnects == restarts
        });
    }
    stop(running);
    // It answers where there is one more.
    server.set_config("max_connections: 4").expect("a configuration");
    server.restart().expect("a server");
    let running = start_copy("orders-service", &server.url());
    Micro::new(&server.url()).ask("$SRV.STATS.orders-service");
    stop(running);
}

#[test]
fn a_pipeline_that_has_ended_does_not_answer() {
    let server = server();
    let micro = Micro::new(&server.url());
    let running = start_copy("orders-service", &server.url());
    micro.ask("$SRV.STATS.orders-service");
    running.stop();
    running.join().expect("no error");
    assert!(micro.ask_once("$SRV.PING").is_none());
    wait_for("the server knows nobody", || micro.is_unknown("$SRV.PING"));
    // Neither does one that has ended by an error.
    let pipeline = Pipeline::named("fails");
    let input = nats::read(&pipeline, server.url(), "orders").on_decode_error(OnDecodeError::Stop).json::<Input>();
    let _seen = input.collect();
    let running = pipeline.start().expect("a running pipeline");
    micro.ask("$SRV.STATS.fails");
    micro.publish("orders", ["no JSON".to_owned()]);
    running.join().expect_err("a decode error");
    assert!(micro.ask_once("$SRV.PING").is_none());
}

/// Neither a server that says nothing nor one that is gone holds up the end.
#[test]
fn the_end_does_not_wait_for_the_service() {
    for is_cut in [false, true] {
        let server = server();
        let link = Link::new(server.port());
        let pipeline = Pipeline::named("linked");
        let input = nats::read(&pipeline, link.url(), "orders").json::<Input>();
        let _seen = input.collect();
        let running = pipeline.start().expect("a running pipeline");
        Micro::new(&server.url()).ask("$SRV.STATS.linked");
        link.lose();
        if is_cut {
            link.cut();
        }
        let begin = Instant::now();
        stop(running);
        assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
    }
}

/// It connects to nothing.
#[test]
fn a_replay_is_not_announced() {
    let folder = std::env::temp_dir().join(format!("pathway-nats-service-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let read = |pipeline: &Pipeline, uri: &str| nats::read(pipeline, uri, "orders").json::<Input>().collect();
    let server = server();
    let pipeline = Pipeline::named("recorded").record(persistence::record(&folder));
    let seen = read(&pipeline, &server.url());
    let running = pipeline.start().expect("a running pipeline");
    Micro::new(&server.url()).publish("orders", [value(1)]);
    wait_for("a row", || seen.rows().len() == 1);
    stop(running);

    let nobody = TcpListener::bind("127.0.0.1:0").expect("a port");
    nobody.set_nonblocking(true).expect("a socket");
    let pipeline = Pipeline::named("recorded").replay(&folder);
    let seen = read(&pipeline, &format!("nats://{}", nobody.local_addr().expect("an address")));
    pipeline.run().expect("a replay");
    assert_eq!(seen.rows(), [Input { value: 1 }]);
    assert!(nobody.accept().is_err(), "a connection");
    let _ = std::fs::remove_dir_all(&folder);
}
