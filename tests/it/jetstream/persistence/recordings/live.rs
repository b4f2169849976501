//! Everything that a pipeline can read, on a real server: a replay writes what was written.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};

use async_nats::HeaderMap;
use pathway::io::{Failure, Feed, RowSender, Source, SourceSettings};
use pathway::persistence::{inspect, record, replay};
use pathway::prelude::*;

use super::{replayed, texts};
use crate::jetstream::persistence::Folder;
use crate::jetstream::support::{Js, server, stream, work_queue};
use crate::support::{Input, stop, value, wait_for};

/// With what core NATS says of a message.
#[derive(Clone, Schema)]
struct Heard {
    value: i64,
    #[schema(subject)]
    subject: String,
    #[schema(header = "Label")]
    label: Option<String>,
    #[schema(received_at)]
    at: DateTimeUtc,
}

/// With what a stream says of a message.
#[derive(Clone, Schema)]
struct Stored {
    value: i64,
    #[schema(stream_sequence)]
    sequence: u64,
    #[schema(published_at)]
    at: DateTimeUtc,
    #[schema(delivered)]
    delivered: i64,
}

#[derive(Clone, Schema)]
struct Answer {
    value: i64,
    answer: i64,
}

/// No two runs have the same numbers.
static NUMBERS: AtomicI64 = AtomicI64::new(1);

fn number() -> i64 {
    NUMBERS.fetch_add(1, Ordering::Relaxed)
}

struct Numbers;

impl Source for Numbers {
    type Item = Input;

    fn settings(&self) -> SourceSettings {
        SourceSettings::new().name("numbers")
    }

    fn run(self, rows: &RowSender<Input>) -> Result<(), Failure> {
        (0..100).try_for_each(|_| rows.insert(Input { value: number() }))?;
        Ok(())
    }
}

/// Reads everything that a pipeline can read.
fn everything(pipeline: &Pipeline, uri: &str) -> Feed<Input> {
    let heard = nats::read(pipeline, uri, "core.>").dead_letter("out.bad").json::<Heard>();
    nats::write(&heard, uri, "out.heard").json();
    let stored = nats::read(pipeline, uri, "in.>").jetstream("IN").json::<Stored>();
    nats::write(&stored, uri, "out.stored").json();
    let jobs = nats::read(pipeline, uri, "jobs.>").jetstream("JOBS").json::<Stored>();
    nats::write(&jobs, uri, "out.jobs").json();
    let limits = nats::read(pipeline, uri, "limits").kv().json::<Input>();
    let limited = join!(s in stored, l in limits asof_now on s.value == l.value => { s.sequence, l.value });
    nats::write(&limited, uri, "out.limited").json();
    nats::write(&pipeline.clock(Duration::from_millis(10)), uri, "out.ticks").json();
    let answers =
        stored.map_async(async |row| Ok::<_, String>(Answer { value: row.value, answer: number() })).or_skip();
    nats::write(&answers, uri, "out.answers").json();
    let numbers = pipeline.source(Numbers);
    let (feed, fed) = pipeline.input::<Input>();
    let fixed = pipeline.rows([Input { value: 1_000_000 }]);
    let all = numbers.concat(&fed).concat(&fixed).concat(&select!(s in stored => Input { value: s.value }));
    let totals = reduce!(row in all by row.value % 3 => { key: row.value % 3, sum: sum(row.value), n: count() });
    nats::write(&totals, uri, "out.totals").json();
    feed
}

#[test]
fn a_replay_writes_what_was_written_whatever_was_read() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    [stream("IN"), work_queue("JOBS"), stream("OUT")].into_iter().for_each(|config| js.create(config));
    let bucket = async_nats::jetstream::kv::Config { bucket: "limits".into(), ..Default::default() };
    let bucket = js.runtime.block_on(js.context.create_key_value(bucket)).expect("a bucket");
    let put = |key: &str, limit: i64| {
        js.runtime.block_on(bucket.put(key, value(limit).into())).expect("a put");
    };
    (0..20).for_each(|limit| put(&format!("limit-{limit}"), limit));
    js.publish("in.a", 0..50);

    let pipeline = Pipeline::named("everything").record(record(folder.path()));
    let feed = everything(&pipeline, &uri);
    let running = pipeline.start().expect("a running pipeline");
    for round in 0..5 {
        js.publish("in.b", 50 + round * 10..60 + round * 10);
        js.publish("jobs.a", 0..10);
        put("limit-99", 50 + round * 10);
        feed.insert(Input { value: number() });
        feed.commit();
        js.runtime.block_on(async {
            let headers = HeaderMap::from_iter([("Label".parse().expect("a name"), "x".parse().expect("a value"))]);
            js.client.publish_with_headers("core.a", headers, value(round).into()).await.expect("published");
            js.client.publish("core.b", "no JSON".into()).await.expect("published");
            js.client.flush().await.expect("flushed");
        });
    }
    let received = |running: &pathway::Running, name: &str| {
        running.stats().sources.iter().find(|source| source.name == name).map_or(0, |source| source.rows)
    };
    wait_for("everything", || {
        received(&running, "in.>") == 100
            && received(&running, "jobs.>") == 50
            && received(&running, "core.>") == 5
            && received(&running, "limits") == 25
            && received(&running, "clock") > 20
            && js.messages("JOBS") == 0
    });
    let written = |running: &pathway::Running| running.stats().sinks.iter().map(|sink| sink.published).sum::<u64>();
    running.stop();
    wait_for("the end", || running.is_finished());
    let published = written(&running);
    let commits = running.stats().commits;
    assert_eq!(running.stats().recording.map(|recording| (recording.commits, recording.missed)), Some((commits, 0)));
    stop(running);
    wait_for("the output", || js.messages("OUT") == published);
    let mut live = BTreeMap::<String, Vec<String>>::new();
    for (_, subject, payload) in js.stored("OUT") {
        live.entry(subject).or_default().push(payload);
    }
    assert_eq!(live.len(), 8, "{:?}", live.keys());

    let run = inspect(folder.path()).expect("a recording").runs.remove(0);
    assert_eq!((run.commits, run.has_ended, run.sources.len()), (commits, true, 7), "{run}");
    let messages: BTreeMap<_, _> = run.sources.iter().map(|source| (&*source.name, source.messages)).collect();
    assert_eq!(
        (messages["in.>"], messages["jobs.>"], messages["core.>"], messages["limits"]),
        (100, 50, 10, 25),
        "{run}"
    );

    // Beside payload and subject, a message of a stream takes about 30 bytes.
    let texts_of_stream: usize = (0..100).map(|number| value(number).len() + "in.a".len()).sum();
    let of_stream = run.sources.iter().find(|source| source.name == "in.>").expect("the stream");
    assert!((2_000..=3_200).contains(&(of_stream.bytes as usize - texts_of_stream)), "{run}");

    // A replay needs no server.
    drop((feed, js));
    drop(server);
    for workers in [1, 3] {
        let pipeline = Pipeline::named("everything");
        let _feed = everything(&pipeline, &uri);
        let broker = replayed(pipeline, replay(folder.path()), workers).expect("a replay");
        for (subject, live) in &live {
            let replayed = texts(&broker.published(subject));
            assert_eq!(replayed.len(), live.len(), "{subject} with {workers} workers");
            for (number, (replayed, live)) in replayed.iter().zip(live).enumerate() {
                assert_eq!(replayed, live, "message {number} of {subject} with {workers} workers");
            }
        }
        assert_eq!(broker.published(">").len() as u64, published);
    }
}
