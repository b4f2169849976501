//! Queue groups and several readers of one subject.

use std::thread;

use pathway_testkit::Server;

use super::*;

fn in_group(url: &str, group: &str) -> Subscription {
    subscription(url, "in").queue_group(group).expect("a group")
}

fn publish_numbers(url: &str, count: u64) {
    publish(url, "in", (0..count).map(|n| n.to_string()));
}

fn sorted(mut numbers: Vec<u64>) -> Vec<u64> {
    numbers.sort_unstable();
    numbers
}

#[test]
fn several_readers_fill_one_table() {
    const MESSAGES: u64 = 30_000;
    let mut server = Server::builder().jetstream(false).arg("--debug").start().expect("a server");
    let running = start(subscription(&server.url(), "in").readers(3)).expect("a source");
    assert_eq!(server.log().matches("Client connection created").count(), 3 + 1, "and the one of the testkit");
    publish_numbers(&server.url(), MESSAGES);
    running.wait_for(MESSAGES);

    server.restart().expect("a server");
    wait_for("all readers are back", || running.counters().reconnects.get() == 3);
    publish(&server.url(), "in", (MESSAGES..2 * MESSAGES).map(|n| n.to_string()));
    running.wait_for(2 * MESSAGES);
    assert_eq!(running.counters().dropped.get(), 0);
    assert!(sorted(numbers(running.stop())).into_iter().eq(0..2 * MESSAGES));
}

/// The readers of one program use a queue group that no other program is in.
#[test]
fn two_programs_with_several_readers_get_all_messages_each() {
    let server = server();
    let programs = [0, 1].map(|_| start(subscription(&server.url(), "in").readers(2)).expect("a source"));
    publish_numbers(&server.url(), 1000);
    for program in programs {
        assert_eq!(sorted(numbers(program.stop())), (0..1000).collect::<Vec<_>>());
    }
}

#[test]
fn the_members_of_a_group_share_the_messages() {
    let server = server();
    let members = [in_group(&server.url(), "g"), in_group(&server.url(), "g").readers(2)];
    let members = members.map(|member| start(member).expect("a source"));
    let other = start(in_group(&server.url(), "h")).expect("a source");
    publish_numbers(&server.url(), 3000);
    let parts = members.map(|member| numbers(member.stop()));
    assert!(parts.iter().all(|part| !part.is_empty()));
    assert_eq!(sorted(parts.concat()), (0..3000).collect::<Vec<_>>());
    assert_eq!(numbers(other.stop()), (0..3000).collect::<Vec<_>>());
}

/// A member stops under a flood. What the server had sent to it still arrives or is counted, and the other member gets the
/// rest.
#[test]
fn a_member_that_leaves_loses_no_message_silently() {
    let server = server();
    let stays = start(in_group(&server.url(), "g")).expect("a source");
    let leaves = start(in_group(&server.url(), "g")).expect("a source");
    let (left, published) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let publisher = thread::spawn({
        let (url, left, published) = (server.url(), left.clone(), published.clone());
        move || {
            let numbers = (0..).take_while(|_| !left.load(Ordering::Relaxed));
            publish(&url, "in", numbers.inspect(|n| published.store(n + 1, Ordering::Relaxed)).map(|n| n.to_string()));
        }
    });
    leaves.wait_for(10_000);
    // On a busy machine, either may be too slow for the flood.
    let counters = [&leaves, &stays].map(|member| member.link.counters.clone());
    let taken = numbers(leaves.stop());
    left.store(true, Ordering::Relaxed);
    publisher.join().expect("no panic");
    let mut all = sorted([taken, numbers(stays.stop())].concat());
    let taken = all.len() as u64;
    all.dedup();
    assert_eq!(all.len() as u64, taken, "both members got a message");
    let dropped: u64 = counters.iter().map(|counters| counters.dropped.get()).sum();
    assert_eq!(taken + dropped, published.load(Ordering::Relaxed));
}

#[test]
fn the_drops_of_all_readers_are_counted() {
    const MESSAGES: u64 = 200_000;
    let server = server();
    let mut subscription = subscription(&server.url(), "in").readers(2);
    subscription.capacity = 16;
    let running = start(subscription).expect("a source");
    publish_numbers(&server.url(), MESSAGES);
    let counters = running.link.counters.clone();
    wait_for("every message to be accounted for", || counters.received.get() + counters.dropped.get() >= MESSAGES);
    let received = running.stop().len() as u64;
    assert!(counters.dropped.get() > 0, "nothing was dropped");
    assert_eq!(received + counters.dropped.get(), MESSAGES);
}

#[test]
fn a_denied_reader_fails_the_start() {
    let server =
        server_with_authorization("users: [{user: u, password: p, permissions: {subscribe: [\"_INBOX.>\", \"ok\"]}}]");
    let url = format!("nats://u:p@{}", server.host_port());
    let error = start(subscription(&url, "in").readers(3)).err().expect("no permission");
    assert_eq!(error.kind(), ErrorKind::Authorization);
    assert!(error.to_string().contains("test (reader "), "{error}");
}

#[test]
fn invalid_group_names_are_errors() {
    for name in ["", "a b", "a\r\nPUB x 0"] {
        let error = subscription("nats://127.0.0.1:1", "in").queue_group(name).expect_err(name);
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("the queue group"), "{error}");
    }
}
