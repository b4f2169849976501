//! `/live` and `/ready`: while a pipeline starts, when its server breaks, and while it restores what it has.

use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use super::support::{address, get, get_at};
use crate::support::{DEADLINE, Input, Link, wait_for};
use pathway::io::{Failure, RowSender, Source, SourceSettings};
use pathway::persistence;
use pathway::prelude::*;
use pathway::testing::{Broker, Store};
use pathway_testkit::Server;

/// A source that is ready when it is told so, and ends then.
struct Late(mpsc::Receiver<()>);

impl Source for Late {
    type Item = Input;

    fn settings(&self) -> SourceSettings {
        SourceSettings::new().name("late").announces_ready()
    }

    fn run(self, rows: &RowSender<Input>) -> Result<(), Failure> {
        let _ = self.0.recv();
        rows.ready();
        let _ = self.0.recv();
        Ok(())
    }
}

fn free_address() -> std::net::SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port")
}

#[test]
fn a_pipeline_is_live_and_not_ready_while_a_source_starts() {
    let address = free_address();
    let (tell, told) = mpsc::channel();
    let pipeline = Pipeline::new().monitor(address.to_string());
    let _rows = pipeline.source(Late(told)).collect();
    let starting = thread::spawn(move || pipeline.start());
    wait_for("the server", || std::net::TcpStream::connect(address).is_ok());
    let ready = get_at(address, "/ready");
    assert_eq!((ready.status, ready.body.as_str()), (503, "source `late` has not connected yet\n"));
    assert_eq!(get_at(address, "/live").status, 200);
    assert_eq!(get_at(address, "/stats.json").json()["sources"][0]["state"], "starting");
    tell.send(()).expect("it waits");
    let running = starting.join().expect("no panic").expect("a start");
    wait_for("that it is ready", || get(&running, "/ready").status == 200);
    drop(tell);
    running.join().expect("an end");
}

#[test]
fn a_broken_server_shows_and_its_return_too() {
    let server = Server::builder().jetstream(false).start().expect("a server");
    let link = Link::new(server.port());
    let pipeline = Pipeline::new().monitor("127.0.0.1:0");
    let uri = link.url().replace("nats://", "nats://alice:secret-word@");
    let numbers = nats::read(&pipeline, &uri, "numbers").json::<Input>();
    let total = reduce!(row in numbers => { sum: sum(row.value) });
    nats::write(&total, &uri, "sum").json();
    let running = pipeline.start().expect("a start");
    wait_for("that it is ready", || get(&running, "/ready").status == 200);
    link.cut();
    wait_for("that both are lost", || {
        let found = get(&running, "/stats.json").json();
        found["sources"][0]["state"] == "disconnected" && found["sinks"][0]["state"] == "disconnected"
    });
    let ready = get(&running, "/ready");
    assert_eq!(ready.status, 503);
    let expected = format!("source `numbers`: the connection to {} broke", link.url());
    assert!(ready.body.contains(&expected) && ready.body.contains("sink `sum`: "), "{ready:?}");
    // It is not the pipeline that is ill: a restart would not help.
    assert_eq!(get(&running, "/live").status, 200);
    let stats = get(&running, "/stats.json");
    assert!(stats.json()["sources"][0]["since"].as_u64().is_some_and(|since| since > 1_700_000_000_000), "{stats:?}");
    for path in ["/stats.json", "/graph.json", "/ready", "/metrics", "/"] {
        let answer = get(&running, path);
        assert!(!answer.body.contains("secret-word") && !answer.body.contains("alice"), "{path}: {answer:?}");
    }
    link.restore();
    wait_for("that it is ready again", || get(&running, "/ready").status == 200);
    running.stop();
    running.join().expect("an end");
}

/// The commits of an earlier run are computed again, which a closure holds up: the pipeline is not ready until it is through.
#[test]
fn a_pipeline_is_not_ready_while_it_computes_earlier_commits_again() {
    let (broker, store) = (Broker::new(), Store::new());
    let service = |store: &Store, held: Option<mpsc::Receiver<()>>| {
        let state = persistence::Persistence::from(store).checkpoint_every(Duration::MAX);
        let pipeline = Pipeline::named("service").monitor("127.0.0.1:0").persist(state);
        let numbers = nats::read(&pipeline, &broker, "numbers").json::<Input>();
        let held = std::sync::Mutex::new(held);
        let total = reduce!(row in numbers => { sum: sum(row.value) });
        let total = total.select(move |row| {
            if let Some(held) = &*held.lock().expect("no panic") {
                let _ = held.recv();
            }
            Input { value: row.sum }
        });
        nats::write(&total, &broker, "sum").json();
        pipeline
    };
    let running = service(&store, None).start().expect("a start");
    broker.publish("numbers", r#"{"value": 4}"#);
    broker.commit();
    running.stop();
    running.join().expect("an end");
    let (go_on, held) = mpsc::channel();
    let running = service(&store, Some(held)).start().expect("a start");
    let ready = get(&running, "/ready");
    let expected = "what earlier runs have left is being restored and computed again\n";
    assert_eq!((ready.status, ready.body.as_str()), (503, expected));
    drop(go_on);
    wait_for("that it is ready", || get(&running, "/ready").status == 200);
    let address = address(&running);
    assert_eq!(get_at(address, "/live").status, 200);
    running.stop();
    running.join().expect("an end");
}

/// A closure that never returns, as one that waits for a lock or a server does: a restart helps. It takes a minute to be sure.
#[test]
fn a_pipeline_that_is_stuck_in_a_commit_is_not_live() {
    let (go_on, held) = mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let pipeline = Pipeline::named("stuck").monitor("127.0.0.1:0");
    let numbers = pipeline.rows(vec![Input { value: 4 }]);
    let _seen = filter!(_row in numbers => held.lock().expect("no panic").recv().is_err()).collect();
    let running = pipeline.start().expect("a start");
    let begin = Instant::now();
    let live = loop {
        let live = get(&running, "/live");
        // The statistics do not wait for it.
        assert_eq!(get(&running, "/stats.json").status, 200);
        if live.status != 200 {
            break live;
        }
        assert!(begin.elapsed() < 3 * DEADLINE, "it is still live");
        thread::park_timeout(Duration::from_millis(50));
    };
    assert_eq!(live.status, 503);
    assert!(begin.elapsed() >= Duration::from_secs(60), "{live:?}");
    let expected = " s, behind 0 commits";
    assert!(
        live.body.starts_with("the pipeline has worked on one thing for 6") && live.body.contains(expected),
        "{live:?}"
    );
    drop(go_on);
    running.join().expect("an end");
}
