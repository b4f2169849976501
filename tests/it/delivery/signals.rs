//! `run` in a process of its own: it ends in order on a signal, and an idle pipeline uses no CPU time.

use super::child::Child;
use super::support::{Client, Observer, server};
use crate::support::{value, wait_for};
use pathway_testkit::Server;

/// A server, and an observer of the sums.
fn observed() -> (Server, Observer) {
    let server = server();
    let observer = Observer::new(&server.url(), "sum");
    (server, observer)
}

/// A process that has read the numbers up to 100, and has written nothing.
fn read_all(server: &Server) -> Child {
    let client = Client::new(&server.url());
    let child = Child::start("sum at the end", &server.url(), &[]);
    // A zero does not change the sum, and shows that the process reads.
    wait_for("the pipeline reads", || {
        client.publish("connector_example", [value(0)]);
        child.said().contains("read 0")
    });
    client.publish("connector_example", (1..=100).map(value));
    wait_for("all is read", || child.said().contains("read 100"));
    child
}

#[test]
fn a_signal_ends_run_after_all_messages_read_are_published() {
    for signal in ["TERM", "INT"] {
        let (server, mut observer) = observed();
        let child = read_all(&server);
        assert!(observer.seen().is_empty(), "nothing is committed before the signal");

        child.signal(signal);
        let (status, said) = child.end();
        assert_eq!(status.code(), Some(0), "SIG{signal}: {said}");
        assert_eq!(observer.updates(), [(5050, 1)], "SIG{signal}");
    }
}

/// As `timeout` does, which sends it to the process and to its group.
#[test]
fn two_signals_in_immediate_succession_are_one() {
    let (server, mut observer) = observed();
    let child = read_all(&server);
    // What the process publishes now waits.
    server.pause().expect("a paused server");
    child.signal("TERM");
    child.signal("TERM");
    wait_for("it waits for the sink", || child.said().contains("sum: the end of the pipeline has waited 5 s"));
    server.resume().expect("a running server");
    let (status, said) = child.end();
    assert_eq!(status.code(), Some(0), "{said}");
    assert_eq!(observer.updates(), [(5050, 1)]);
}

/// Its stderr is a pipe that nobody reads, so that a log line waits for ever.
#[test]
fn a_stderr_that_takes_nothing_does_not_keep_signals_from_the_process() {
    let (server, mut observer) = observed();
    let client = Client::new(&server.url());
    let mut child = Child::start_unread("sum with a full stderr", &server.url());
    wait_for("it sums", || {
        client.publish("connector_example", [value(1)]);
        observer.sees_soon()
    });
    // The first one stops it, which it cannot say; one that comes more than a second later ends it.
    wait_for("the second signal ends it", || {
        child.signal("TERM");
        child.has_ended()
    });
    assert_eq!(child.end().0.code(), Some(130));
}

#[test]
fn a_stop_says_which_source_it_waits_for_and_a_later_signal_ends_the_process() {
    let child = Child::start("ignore a stop", "", &[]);
    wait_for("it runs", || child.said().contains("it runs"));
    child.signal("TERM");
    wait_for("it says so", || child.said().contains("stuck: the end of the pipeline has waited 5 s for this source"));
    child.signal("TERM");
    let (status, said) = child.end();
    assert_eq!(status.code(), Some(130), "{said}");
    assert!(said.contains("second SIGTERM: ended before everything was flushed"), "{said}");
}

/// Nothing was read, so nothing is lost: that is an orderly end.
#[test]
fn a_signal_while_the_server_is_not_there_yet_ends_run_without_an_error() {
    let child = Child::start("sum", "nats://127.0.0.1:1", &[]);
    wait_for("it waits for the server", || child.said().contains("retrying"));
    child.signal("TERM");
    let (status, said) = child.end();
    assert_eq!(status.code(), Some(0), "{said}");
}

#[test]
#[cfg(target_os = "linux")]
fn an_idle_pipeline_uses_no_cpu_time() {
    let server = server();
    let mut observer = Observer::new(&server.url(), "sum");
    let client = Client::new(&server.url());
    let child = Child::start("sum", &server.url(), &[("PATHWAY_THREADS", "2")]);
    wait_for("the pipeline sums", || {
        client.publish("connector_example", [value(0)]);
        observer.sees_soon()
    });
    let before = ticks(child.id());
    // Time must pass here: idle time is what is measured.
    std::thread::sleep(std::time::Duration::from_secs(2));
    let spent = ticks(child.id()) - before;
    // A tick is 10 ms. Polling every millisecond takes about ten ticks, and spinning takes 200.
    assert!(spent <= 4, "{spent} ticks in 2 s");
    child.signal("TERM");
    assert!(child.end().0.success());
}

/// The CPU time of a process so far, in ticks of 10 ms.
#[cfg(target_os = "linux")]
fn ticks(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("a running process");
    // The name is in parentheses and can contain spaces. User and system time are the 12th and 13th field after it.
    let (_, numbers) = stat.rsplit_once(") ").expect("a name");
    let times = numbers.split(' ').skip(11).take(2);
    times.map(|ticks| ticks.parse::<u64>().expect("a number")).sum()
}
