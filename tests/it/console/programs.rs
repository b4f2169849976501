//! The programs whose terminals the tests look at.

use std::io::{self, Write};

use crate::support::{Input, value};
use pathway::console::suspend;
use pathway::io::{Failure, RowSender, Source, Update};
use pathway::nats::Options;
use pathway::prelude::*;
use pathway::testing::Broker;

/// Runs the program of this name.
pub(super) fn run(program: &str, uri: &str) -> pathway::Result<()> {
    match program {
        "totals" => totals(uri).run(),
        "a second of work" => a_second_of_work().run(),
        "a second of work without a console" => a_second_of_work().console(false).run(),
        "a second of work in spite of the environment" => a_second_of_work().console(true).run(),
        "started" => a_second_of_work().start()?.join().map(drop),
        "short" => pipeline_of(1, |_| true).run(),
        "lines" => lines(),
        "panic" => pipeline_of(1_000, |number| if number == 800 { panic!("it has had enough") } else { true }).run(),
        "ignore a stop" => {
            let pipeline = Pipeline::named("stuck");
            let _seen = pipeline.source(Stuck).collect();
            pipeline.run()
        }
        "connect" => {
            let pipeline = Pipeline::named("nowhere");
            let options = Options::new().connect_deadline(Duration::from_secs(2));
            let input = nats::read(&pipeline, uri, "in").options(options).name("orders").json::<Input>();
            nats::write(&input, uri, "out").json();
            pipeline.run()
        }
        _ => unreachable!("program {program}"),
    }
}

/// Takes a millisecond for each message of the stream `IN`, and keeps their sum.
fn totals(uri: &str) -> Pipeline {
    let pipeline = Pipeline::named("totals");
    let input = nats::read(&pipeline, uri, "in").max_backlog(50).jetstream("IN").name("orders").json::<Input>();
    let slow = filter!(_row in input => {
        // Time must pass here: the pipeline is slow.
        std::thread::sleep(Duration::from_millis(1));
        true
    });
    let total = reduce!(row in slow.named("slow") => { sum: sum(row.value) }).named("sum");
    nats::write(&total, uri, "out").jetstream("OUT").name("sums").json();
    pipeline
}

/// Takes a millisecond for each of these rows.
fn pipeline_of(rows: i64, is_wanted: fn(i64) -> bool) -> Pipeline {
    let pipeline = Pipeline::named("rows");
    let input = pipeline.rows((0..rows).map(|value| Input { value }));
    let wanted = input.filter(move |row| {
        // Time must pass here: the pipeline is slow.
        std::thread::sleep(Duration::from_millis(1));
        is_wanted(row.value)
    });
    wanted.subscribe(|_| ());
    pipeline
}

fn a_second_of_work() -> Pipeline {
    pipeline_of(1_000, |_| true)
}

/// A source that does not end.
struct Stuck;

impl Source for Stuck {
    type Item = Input;

    fn run(self, _: &RowSender<Input>) -> Result<(), Failure> {
        loop {
            std::thread::park();
        }
    }
}

/// Prints lines while the status is drawn: its own ones, and those of the crate through a subscriber that knows nothing of it.
fn lines() -> pathway::Result<()> {
    tracing_subscriber::fmt().with_writer(io::stdout).without_time().with_ansi(false).init();
    let (broker, pipeline) = (Broker::new(), Pipeline::named("lines"));
    let input = nats::read(&pipeline, &broker, "in").json::<Input>();
    input.subscribe(|update| {
        let Update::Change { row, .. } = update else { return };
        // Time must pass here: the status is drawn meanwhile.
        std::thread::sleep(Duration::from_millis(5));
        suspend(|| println!("line {}", row.value));
        suspend(|| suspend(|| writeln!(io::stderr(), "and again {}", row.value))).expect("a terminal");
    });
    for number in 0..300 {
        broker.publish("in", value(number));
        if number % 50 == 0 {
            broker.publish("in", format!("no JSON {number}"));
            broker.commit();
        }
    }
    broker.commit();
    broker.close();
    pipeline.run()
}
