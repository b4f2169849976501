//! Other programs than the recorded one, in memory.

use std::sync::{Arc, Mutex};

use pathway::io::{Failure, OnDecodeError, RowSender, Source, SourceSettings, Update};
use pathway::persistence::ReplayOptions;
use pathway::prelude::*;
use pathway::testing::{Broker, Store};
use pathway::{ErrorKind, nats};

use super::{Total, end, publish, record_sum, recorded, replayed, sum, texts};
use crate::support::{Input, assert_error, join, value, wait_for};

/// Replays a program, which fails.
fn refusal(pipeline: Pipeline, recording: impl Into<ReplayOptions>) -> pathway::Error {
    replayed(pipeline, recording.into(), 1).expect_err("it cannot be replayed")
}

#[test]
fn commits_and_their_times_are_the_recorded_ones() {
    let recording = Store::new();
    let times = |pipeline: &Pipeline, broker: &Broker| {
        let (times, seen) = (Arc::<Mutex<Vec<_>>>::default(), sum(pipeline, broker));
        let all = Arc::clone(&times);
        nats::read(pipeline, broker, "numbers").name("again").json::<Input>().subscribe(move |update| {
            if let Update::Committed { time } = update {
                all.lock().expect("no panic").push(time);
            }
        });
        (times, seen)
    };
    let (broker, pipeline) = (Broker::new(), recorded(&recording));
    let (live_times, live) = times(&pipeline, &broker);
    let running = pipeline.start().expect("a running pipeline");
    publish(&broker, 0..20);
    end(&broker, running);
    for workers in [1, 2] {
        let (broker, pipeline) = (Broker::new(), Pipeline::named("sum"));
        let (replayed_times, seen) = times(&pipeline, &broker);
        replayed(pipeline, (&recording).into(), workers).expect("a replay");
        assert_eq!(seen.changes(), live.changes());
        assert_eq!(*replayed_times.lock().expect("times"), *live_times.lock().expect("times"));
    }
}

/// The row has a column that the recorded one did not have.
#[test]
fn messages_are_decoded_again() {
    #[derive(Clone, Debug, PartialEq, Schema)]
    struct Labelled {
        value: i64,
        #[schema(header = "Label")]
        label: String,
        #[schema(default = 7)]
        more: i64,
    }
    let recording = Store::new();
    record_sum(&recording, [3, 4]);
    let pipeline = Pipeline::named("sum");
    let numbers = nats::read(&pipeline, "nats://127.0.0.1:1", "numbers").json::<Labelled>();
    let seen = numbers.collect();
    nats::write(&numbers, "nats://127.0.0.1:1", "out").json();
    let broker = replayed(pipeline, (&recording).into(), 1).expect("a replay");
    assert_eq!(seen.rows(), [3, 4].map(|value| Labelled { value, label: "x".into(), more: 7 }));
    assert_eq!(broker.published("out").len(), 2);
}

#[test]
fn without_a_broker_no_sink_of_a_server_writes() {
    let recording = Store::new();
    record_sum(&recording, [3, 4]);
    let pipeline = Pipeline::named("sum").replay(&recording);
    let numbers = nats::read(&pipeline, "nats://127.0.0.1:1", "numbers").json::<Input>();
    nats::write(&numbers, "nats://127.0.0.1:1", "out").json();
    let stats = pipeline.start().expect("a running pipeline").join().expect("a replay");
    assert_eq!((stats.sources[0].received, stats.sources[0].rows), (2, 2));
    assert_eq!((stats.sinks[0].queued, stats.sinks[0].published), (2, 0));
}

#[test]
fn a_source_that_the_recording_does_not_have_is_refused_unless_it_is_allowed() {
    let recording = Store::new();
    let live = record_sum(&recording, [3, 4]);
    let program = || {
        let (broker, pipeline) = (Broker::new(), Pipeline::named("sum"));
        let _seen = sum(&pipeline, &broker);
        let others = nats::read(&pipeline, &broker, "others").json::<Input>();
        nats::write(&others, &broker, "out").json();
        pipeline
    };
    let error = refusal(program(), &recording);
    let words = ["has no source `others`, but `numbers`", "allow_missing(\"others\")"];
    assert_error(&error, ErrorKind::Persistence, &words);
    let allowed = ReplayOptions::from(&recording).allow_missing("others");
    let broker = replayed(program(), allowed, 1).expect("a replay");
    assert_eq!((texts(&broker.published("sum")), broker.published("out").len()), (live, 0));
}

/// The settings of the replay, misspelt.
#[test]
fn a_name_that_nobody_knows_is_an_error() {
    let recording = Store::new();
    record_sum(&recording, [3]);
    let replay = |name: &str| {
        let pipeline = Pipeline::named("sum");
        let _seen = sum(&pipeline, &Broker::new());
        replayed(pipeline, ReplayOptions::from(&recording).allow_missing(name), 1).map(drop)
    };
    let error = replay("number").expect_err("a name that nobody knows");
    let words = ["`.allow_missing(\"number\")`", "neither the program nor the recording", "did you mean `numbers`?"];
    assert_error(&error, ErrorKind::Persistence, &words);
    // It may stay in the program when the recording has the source.
    replay("numbers").expect("a replay");
}

/// As messages, the values of a bucket would all be rows, and its deletions would be none.
#[test]
fn a_bucket_is_replayed_as_a_bucket() {
    let program = |pipeline: Pipeline, broker: &Broker, is_bucket: bool| {
        let read = nats::read(&pipeline, broker, "numbers");
        let seen = if is_bucket { read.kv().json::<Input>() } else { read.json::<Input>() }.collect();
        (pipeline, seen)
    };
    for was_bucket in [true, false] {
        let (recording, broker) = (Store::new(), Broker::new());
        let (pipeline, live) = program(recorded(&recording), &broker, was_bucket);
        let running = pipeline.start().expect("a running pipeline");
        for number in [1, 2] {
            broker.publish(if was_bucket { "$KV.numbers.key" } else { "numbers" }, value(number));
            broker.commit();
        }
        end(&broker, running);
        let (pipeline, _seen) = program(Pipeline::named("sum"), &Broker::new(), !was_bucket);
        let [before, now] = if was_bucket { [".kv()", "with"] } else { ["messages of a subject", "without"] };
        let words = ["of the source `numbers`, and this program reads", before, now, "as the recorded program did"];
        assert_error(&refusal(pipeline, &recording), ErrorKind::Persistence, &words);
        let (pipeline, seen) = program(Pipeline::named("sum"), &Broker::new(), was_bucket);
        replayed(pipeline, (&recording).into(), 1).expect("a replay");
        assert_eq!(seen.changes(), live.changes());
    }
}

#[test]
fn messages_of_a_source_that_the_program_does_not_have_are_left_out() {
    let recording = Store::new();
    let (broker, pipeline) = (Broker::new(), recorded(&recording));
    let _seen = sum(&pipeline, &broker);
    let _others = nats::read(&pipeline, &broker, "others").json::<Input>().collect();
    let running = pipeline.start().expect("a running pipeline");
    broker.publish("others", value(1));
    publish(&broker, [3]);
    broker.publish("others", value(2));
    publish(&broker, [4]);
    end(&broker, running);
    let pipeline = Pipeline::named("sum");
    let seen = sum(&pipeline, &Broker::new());
    replayed(pipeline, (&recording).into(), 1).expect("a replay");
    assert_eq!(seen.rows(), [Total { sum: 7 }]);
}

#[test]
fn rows_must_have_the_columns_that_they_had() {
    #[derive(Clone, Schema)]
    struct Other {
        value: f64,
    }
    let recording = Store::new();
    let pipeline = recorded(&recording);
    let (feed, input) = pipeline.input::<Input>();
    let _seen = input.collect();
    let running = pipeline.start().expect("a running pipeline");
    feed.insert(Input { value: 1 });
    feed.commit();
    drop(feed);
    join(running).expect("an end");
    let pipeline = Pipeline::named("sum");
    let (_feed, input) = pipeline.input::<Other>();
    let _seen = input.collect();
    let error = refusal(pipeline, &recording);
    assert_error(
        &error,
        ErrorKind::Persistence,
        &["`input`", "value: i64", "value: f64", "replay it with the earlier"],
    );
    let pipeline = Pipeline::named("sum");
    let _seen = nats::read(&pipeline, "nats://127.0.0.1:1", "x").name("input").json::<Input>().collect();
    assert_error(&refusal(pipeline, &recording), ErrorKind::Persistence, &["rows (value: i64)", "messages now"]);
}

#[test]
fn a_call_without_an_answer_is_refused_unless_it_is_allowed() {
    let recording = Store::new();
    let program = |pipeline: Pipeline, broker: &Broker, name: &str, answer: i64| {
        let numbers = nats::read(&pipeline, broker, "numbers").json::<Input>();
        let answers =
            numbers.map_async(async move |row| Ok::<_, String>(Input { value: row.value * answer })).or_skip();
        let seen = answers.named(name).collect();
        (pipeline, seen)
    };
    let broker = Broker::new();
    let (pipeline, live) = program(recorded(&recording), &broker, "calls", 10);
    let running = pipeline.start().expect("a running pipeline");
    publish(&broker, [3, 4]);
    end(&broker, running);
    // The recorded answers count.
    let (pipeline, seen) = program(Pipeline::named("sum"), &Broker::new(), "calls", 100);
    replayed(pipeline, (&recording).into(), 2).expect("a replay");
    assert_eq!((seen.changes(), seen.rows()), (live.changes(), vec![Input { value: 30 }, Input { value: 40 }]));
    // An operator with another name has no answers.
    let (pipeline, _seen) = program(Pipeline::named("sum"), &Broker::new(), "others", 100);
    let error = refusal(pipeline, &recording);
    assert_error(&error, ErrorKind::Persistence, &["no answers to 1 calls of `others`", "allow_calls"]);
    let (pipeline, seen) = program(Pipeline::named("sum"), &Broker::new(), "others", 100);
    replayed(pipeline, ReplayOptions::from(&recording).allow_calls(), 1).expect("a replay");
    assert_eq!(seen.rows(), [Input { value: 300 }, Input { value: 400 }]);
}

/// The message that has ended the pipeline ends the replay; another program goes on.
#[test]
fn a_recording_has_the_message_that_has_ended_its_pipeline() {
    let recording = Store::new();
    let program = |pipeline: Pipeline, broker: &Broker, on_error| {
        let numbers = nats::read(&pipeline, broker, "numbers").on_decode_error(on_error).json::<Input>();
        let seen = numbers.collect();
        (pipeline, seen)
    };
    let broker = Broker::new();
    let (pipeline, _seen) = program(recorded(&recording), &broker, OnDecodeError::Stop);
    let running = pipeline.start().expect("a running pipeline");
    publish(&broker, [1]);
    ["2", "3"].iter().for_each(|_| broker.publish("numbers", value(2)));
    broker.publish("numbers", "no JSON");
    broker.publish("numbers", value(9));
    broker.commit();
    let live = join(running).expect_err("a message that cannot be decoded");
    assert_eq!(live.kind(), ErrorKind::Decode);
    let (pipeline, seen) = program(Pipeline::named("sum"), &Broker::new(), OnDecodeError::Stop);
    assert_eq!(refusal(pipeline, &recording).to_string(), live.to_string());
    assert_eq!(seen.rows(), [1, 2, 2].map(|value| Input { value }));
    let (pipeline, seen) = program(Pipeline::named("sum"), &Broker::new(), OnDecodeError::Skip);
    replayed(pipeline, (&recording).into(), 1).expect("a replay");
    assert_eq!(seen.rows().len(), 3);
}

#[test]
fn a_recording_has_the_commit_in_which_its_pipeline_panicked() {
    let recording = Store::new();
    let program = |pipeline: Pipeline, broker: &Broker, limit: i64| {
        let numbers = nats::read(&pipeline, broker, "numbers").json::<Input>();
        let seen = numbers
            .filter(move |row| {
                assert!(row.value < limit, "{} is too much", row.value);
                true
            })
            .collect();
        (pipeline, seen)
    };
    let broker = Broker::new();
    let (pipeline, _seen) = program(recorded(&recording), &broker, 10);
    let running = pipeline.start().expect("a running pipeline");
    publish(&broker, [1, 10]);
    assert_error(&join(running).expect_err("a panic"), ErrorKind::Panic, &["10 is too much"]);
    let (pipeline, _seen) = program(Pipeline::named("sum"), &Broker::new(), 10);
    assert_error(&refusal(pipeline, &recording), ErrorKind::Panic, &["10 is too much"]);
    let (pipeline, seen) = program(Pipeline::named("sum"), &Broker::new(), 11);
    replayed(pipeline, (&recording).into(), 1).expect("a replay");
    assert_eq!(seen.rows(), [1, 10].map(|value| Input { value }));
}

#[test]
fn static_tables_are_those_of_the_program() {
    let program = |pipeline: Pipeline, broker: &Broker, tables: &[i64]| {
        let mut all = nats::read(&pipeline, broker, "numbers").json::<Input>();
        for value in tables {
            let rows = pipeline.commits([1, 2].map(|n| vec![Change::insert(Input { value: n * *value })]));
            all = all.concat(&rows);
        }
        let total = reduce!(row in all => Total { sum: sum(row.value) });
        let seen = total.collect();
        (pipeline, seen)
    };
    for (before, now) in [(vec![100], vec![100]), (vec![], vec![100]), (vec![100, 10], vec![]), (vec![5], vec![7, 8])] {
        let (recording, broker) = (Store::new(), Broker::new());
        let (pipeline, live) = program(recorded(&recording), &broker, &before);
        let running = pipeline.start().expect("a running pipeline");
        publish(&broker, [1, 2]);
        end(&broker, running);
        let (pipeline, seen) = program(Pipeline::named("sum"), &Broker::new(), &now);
        replayed(pipeline, (&recording).into(), 1).expect("a replay");
        assert_eq!(seen.rows(), [Total { sum: 3 + 3 * now.iter().sum::<i64>() }], "{before:?}, {now:?}");
        if before == now {
            assert_eq!(seen.changes(), live.changes());
        }
    }
}

/// The recorded program need not know which sources have ended; that of the replay does.
#[test]
fn another_program_knows_which_sources_have_ended() {
    #[derive(Clone, Schema)]
    struct Event {
        at: i64,
    }
    /// Ends at once.
    struct Once;

    impl Source for Once {
        type Item = Event;

        fn settings(&self) -> SourceSettings {
            SourceSettings::new().name("once").append_only()
        }

        fn run(self, rows: &RowSender<Event>) -> Result<(), Failure> {
            Ok(rows.insert(Event { at: 1 })?)
        }
    }

    let recording = Store::new();
    let program = |pipeline: &Pipeline, broker: &Broker| {
        let events = nats::read(pipeline, broker, "events").json::<Event>();
        events.concat(&pipeline.source(Once))
    };
    let (broker, pipeline) = (Broker::new(), recorded(&recording));
    let seen = program(&pipeline, &broker).collect();
    let running = pipeline.start().expect("a running pipeline");
    wait_for("the row", || !seen.rows().is_empty());
    for at in 2..60 {
        broker.publish("events", format!(r#"{{"at": {at}}}"#));
        broker.commit();
    }
    end(&broker, running);
    let pipeline = Pipeline::named("sum");
    let all = program(&pipeline, &Broker::new());
    let windows = reduce!(e in all window tumbling(e.at, 10).emit_on_close() as w => { w.start, n: count() });
    let seen = windows.collect();
    replayed(pipeline, (&recording).into(), 1).expect("a replay");
    let windows: Vec<_> = seen.changes().iter().map(|(commit, row, _)| (*commit, row.start, row.n)).collect();
    // The source has ended at 1: it does not hold the windows back until the end.
    assert!(matches!(windows[..], [(9..40, 0, 9), ..]), "{windows:?}");
}

#[test]
fn what_is_no_recording_of_the_pipeline_is_refused() {
    let (recording, state) = (Store::new(), Store::new());
    record_sum(&recording, [1]);
    let pipeline = Pipeline::named("sum").persist(&state);
    let broker = Broker::new();
    let _seen = sum(&pipeline, &broker);
    let running = pipeline.start().expect("a running pipeline");
    publish(&broker, [1]);
    end(&broker, running);
    let program = |name: &str| {
        let pipeline = Pipeline::named(name);
        let _seen = sum(&pipeline, &Broker::new());
        pipeline
    };
    let words = ["is the state directory of a pipeline that persists, and no recording"];
    assert_error(&refusal(program("sum"), &state), ErrorKind::Persistence, &words);
    let error = program("sum").record(&state).start().map(drop).expect_err("a state directory");
    assert_error(&error, ErrorKind::Persistence, &words);
    let error = program("sum").persist(&recording).start().map(drop).expect_err("a recording");
    assert_error(&error, ErrorKind::Persistence, &["has a recording: persist in another directory"]);
    let words = ["recording of the pipeline `sum`, and this is `other`"];
    assert_error(&refusal(program("other"), &recording), ErrorKind::Persistence, &words);
    let error = program("other").record(&recording).start().map(drop).expect_err("another pipeline's");
    assert_error(&error, ErrorKind::Persistence, &words);
    assert_error(&refusal(program("sum"), &Store::new()), ErrorKind::Persistence, &["has no recording"]);
    // The state was released, although the recording was refused.
    let error = program("sum").persist(&state).record(&state).start().map(drop).expect_err("the same place");
    assert_error(&error, ErrorKind::Config, &["`persist` and `record` have the same place `memory`"]);
    let (broker, pipeline) = (Broker::new(), Pipeline::named("sum").persist(&state));
    let _seen = sum(&pipeline, &broker);
    end(&broker, pipeline.start().expect("a running pipeline"));
}
