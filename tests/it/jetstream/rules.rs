//! Streams with settings that matter to whoever writes into them.

use async_nats::jetstream::stream::{Config, DiscardPolicy, Source};
use pathway::prelude::*;
use pathway::{ErrorKind, Running};
use pathway_testkit::Server;

use super::support::{Js, server, stream, work_queue};
use crate::support::{Input, assert_error, join, wait_for};

struct Writing {
    feed: pathway::io::Feed<Input>,
    running: Running,
}

impl Writing {
    fn start(server: &Server, subject: &str, stream: &str) -> pathway::Result<Self> {
        Self::start_with(server, subject, stream, None)
    }

    /// Without a subject, each value has its own.
    fn start_with(server: &Server, subject: &str, stream: &str, dead_letter: Option<&str>) -> pathway::Result<Self> {
        let pipeline = Pipeline::new();
        let (feed, rows) = pipeline.input::<Input>();
        let mut write = nats::write(&rows, server.url(), subject).name("out").jetstream(stream);
        if let Some(subject) = dead_letter {
            write = write.dead_letter(subject);
        }
        match subject {
            "" => write.subject(|row| format!("out.{}", row.value)).json(),
            _ => write.json(),
        }
        Ok(Writing { feed, running: pipeline.start()? })
    }

    /// Inserts values in one commit.
    fn write(&self, values: impl IntoIterator<Item = i64>) {
        values.into_iter().for_each(|value| self.feed.insert(Input { value }));
        self.feed.commit();
    }

    fn published(&self) -> u64 {
        self.running.stats().sinks[0].published
    }

    fn finish(self) -> pathway::Result<()> {
        drop(self.feed);
        join(self.running)
    }
}

#[test]
fn settings_that_no_sink_can_live_with_are_refused_at_the_start() {
    let server = server();
    let js = Js::new(&server);
    js.create(Config { no_ack: true, ..stream("UNACKED") });
    js.create(stream("SEALED"));
    js.runtime
        .block_on(js.context.update_stream(Config { sealed: true, ..stream("SEALED") }))
        .expect("a sealed stream");
    js.create(Config { max_message_size: 100, ..stream("SMALL") });
    js.create(stream("ORIGIN"));
    let origin = || Source { name: "ORIGIN".to_owned(), ..Source::default() };
    js.create(Config { name: "MIRROR".to_owned(), mirror: Some(origin()), ..Config::default() });
    js.create(Config { name: "COPIES".to_owned(), sources: Some(vec![origin()]), ..Config::default() });
    for (name, words) in [
        ("UNACKED", ["it acknowledges nothing (`no_ack`)", "`nats stream edit UNACKED --ack`"]),
        ("SEALED", ["it is sealed", "write into another stream"]),
        ("SMALL", ["no message of more than 100 bytes", "`nats stream edit SMALL --max-msg-size`"]),
        ("MIRROR", ["it takes no messages", "write into one of these"]),
        ("COPIES", ["it takes no messages", "write into one of these"]),
    ] {
        for subject in [format!("{}.a", name.to_lowercase()), String::new()] {
            let error = Writing::start(&server, &subject, name).err().expect("an error at start");
            assert_error(&error, ErrorKind::Config, &words);
        }
    }
}

/// The stream is edited while the pipeline writes.
#[test]
fn a_stream_that_no_longer_acknowledges_ends_the_pipeline() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("OUT"));
    let writing = Writing::start(&server, "out.a", "OUT").expect("a running pipeline");
    writing.write([1]);
    wait_for("the first message", || writing.published() == 1);
    js.runtime.block_on(js.context.update_stream(Config { no_ack: true, ..stream("OUT") })).expect("another setting");
    writing.write([2]);
    assert_error(&writing.finish().expect_err("no answer"), ErrorKind::Stream, &["it acknowledges nothing (`no_ack`)"]);
}

/// The server forgets the id of a stream's last message together with the message.
#[test]
fn a_stream_that_was_worked_off_is_not_taken_for_one_with_another_writer() {
    let mut server = server();
    Js::new(&server).create(work_queue("OUT"));
    let writing = Writing::start(&server, "out.a", "OUT").expect("a running pipeline");
    for restarts in 1..=6 {
        writing.write([restarts]);
        wait_for("the message", || writing.published() == restarts as u64);
        Js::new(&server).purge("OUT");
        server.restart().expect("a server");
        wait_for("a new connection", || writing.running.stats().sinks[0].reconnects == restarts as u64);
    }
    writing.write([10, 11, 12]);
    writing.finish().expect("the pipeline ends without an error");
    let js = Js::new(&server);
    // The messages still name the one before them, but for the first.
    let conditions = js.runtime.block_on(async {
        let stream = js.context.get_stream("OUT").await.expect("a stream");
        let mut conditions = Vec::new();
        for sequence in 7..=9 {
            let message = stream.get_raw_message(sequence).await.expect("a message");
            conditions.push(message.headers.get("Nats-Expected-Last-Msg-Id").is_some());
        }
        conditions
    });
    assert_eq!((js.values("OUT"), conditions), (vec![10, 11, 12], vec![false, true, true]));
}

/// A stream that may have one message of each subject, and refuses more.
fn one_of_each(name: &str) -> Config {
    Config { discard: DiscardPolicy::New, discard_new_per_subject: true, max_messages_per_subject: 1, ..stream(name) }
}

#[test]
fn a_full_subject_holds_up_no_other() {
    let server = server();
    let js = Js::new(&server);
    js.create(one_of_each("OUT"));
    let writing = Writing::start(&server, "", "OUT").expect("a running pipeline");
    writing.write([1]);
    wait_for("the first message", || writing.published() == 1);
    // The second and third message for `out.1` wait, and 5 000 others pass: more than may be in flight.
    writing.write([1, 2, 1].into_iter().chain(3..5000));
    wait_for("the others", || js.messages("OUT") == 4999);
    for (sequence, last) in [(1, 5000), (5000, 5001)] {
        let free = async { js.context.get_stream("OUT").await.expect("a stream").delete_message(sequence).await };
        js.runtime.block_on(free).expect("a deletion");
        wait_for("the next message of the subject", || js.info("OUT").state.last_sequence == last);
        assert_eq!(js.stored("OUT").last().expect("a message").1, "out.1");
    }
    assert_eq!(js.messages("OUT"), 4999);
    wait_for("the confirmation", || writing.published() == 5001);
    writing.finish().expect("the pipeline ends without an error");
}

/// The server is restarted while messages wait for their subject.
#[test]
fn messages_of_a_full_subject_are_stored_in_order_after_a_restart() {
    let mut server = server();
    let js = Js::new(&server);
    js.create(one_of_each("OUT"));
    let writing = Writing::start(&server, "", "OUT").expect("a running pipeline");
    writing.write([1, 2]);
    wait_for("the first messages", || writing.published() == 2);
    writing.write([1, 2, 3]);
    wait_for("the other", || js.messages("OUT") == 3);
    server.restart().expect("a server");
    wait_for("a new connection", || writing.running.stats().sinks[0].reconnects == 1);
    let js = Js::new(&server);
    js.purge("OUT");
    writing.finish().expect("the pipeline ends without an error");
    let mut values = js.values("OUT");
    values.sort_unstable();
    // The third was stored once.
    assert_eq!(values, [1, 2]);
}

#[test]
fn a_message_for_a_full_subject_becomes_a_dead_letter_if_these_have_a_subject() {
    let server = server();
    let js = Js::new(&server);
    js.create(one_of_each("OUT"));
    js.create(stream("DEAD"));
    let writing = Writing::start_with(&server, "", "OUT", Some("dead.out")).expect("a running pipeline");
    writing.write([1]);
    writing.write([1, 2, 1, 3]);
    wait_for("all messages", || js.messages("OUT") == 3 && js.messages("DEAD") == 2);
    wait_for("their confirmation", || writing.published() == 3);
    let sink = writing.running.stats().sinks.swap_remove(0);
    assert_eq!((sink.rejected, sink.dead_letters), (2, 2));
    writing.finish().expect("the pipeline ends without an error");
}
