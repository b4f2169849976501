//! A pipeline that is slower than its subject: how many messages wait, and what the server does.

use pathway_testkit::Server;

use super::*;

#[test]
fn the_queue_keeps_its_bound() {
    const MESSAGES: u64 = 50_000;
    let server = server();
    for bound in [Bound { messages: 1, ..Bound::default() }, Bound { messages: 100, bytes: 1 << 10 }] {
        let running = start_bounded(subscription(&server.url(), "in"), true, bound).expect("a source");
        let publisher = thread::spawn({
            let url = server.url();
            move || publish(&url, "in", (0..MESSAGES).map(|n| n.to_string()))
        });
        publisher.join().expect("no panic");
        // The server has all messages, and the source could have read them.
        wait_for("a full queue", || running.link.queue.backlog() > 0);
        running.is_paused.store(false, Ordering::Relaxed);
        wait_for("all messages", || {
            assert!(running.link.queue.backlog() <= bound.messages);
            running.taken.load(Ordering::Relaxed) == MESSAGES
        });
        assert_eq!(running.counters().dropped.get(), 0);
        assert!(numbers(running.stop()).into_iter().eq(0..MESSAGES));
    }
}

#[test]
fn a_message_larger_than_the_bound_is_taken_alone() {
    let server = server();
    let bound = Bound { messages: 10, bytes: 10 };
    let running = start_bounded(subscription(&server.url(), "in"), false, bound).expect("a source");
    publish(&server.url(), "in", (0..10).map(|n| format!("{n:0>100}")));
    running.wait_for(10);
    assert_eq!(numbers(running.stop()), (0..10).collect::<Vec<_>>());
}

/// The server buffers only so much for a client that does not read, then disconnects it. The source reconnects. What it read
/// before is complete and in order.
#[test]
fn a_slow_consumer_is_disconnected_and_reconnects() {
    let config = "max_pending: 1MB\nwrite_deadline: \"2s\"";
    let server = Server::builder().jetstream(false).config(config).start().expect("a server");
    let bound = Bound { messages: 10, ..Bound::default() };
    let running = start_bounded(subscription(&server.url(), "in"), true, bound).expect("a source");
    let mut published = 0;
    wait_for("the server disconnects the source", || {
        publish(&server.url(), "in", (published..published + 1000).map(|n| format!("{n:0>4000}")));
        published += 1000;
        server.log().contains("Slow Consumer")
    });
    running.is_paused.store(false, Ordering::Relaxed);
    wait_for("the source is back", || running.counters().reconnects.get() == 1);
    publish(&server.url(), "in", std::iter::once(published.to_string()));
    wait_for("the source reads again", || {
        running.counters().received.get() == running.taken.load(Ordering::Relaxed) && running.link.queue.backlog() == 0
    });
    let counters = running.link.counters.clone();
    let numbers = numbers(running.stop());
    let (last, before) = numbers.split_last().expect("messages");
    assert_eq!(*last, published);
    assert!(before.iter().copied().eq(0..before.len() as u64), "a gap before the disconnect");
    assert!((before.len() as u64) < published, "nothing was lost");
    assert_eq!(counters.dropped.get(), 0, "the server has dropped messages, not the client");
}
