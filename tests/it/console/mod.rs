//! The live status of `run`, as it looks on a terminal.
#![cfg(unix)]

mod programs;
mod screen;
mod terminal;

use async_nats::ConnectOptions;
use async_nats::jetstream::{self, Context, stream};
use pathway_testkit::Server;
use screen::Drawn;
use terminal::{Terminal, without_a_terminal};
use tokio::runtime::Runtime;

use crate::support::{connect, value, wait_for};

/// What the test runner writes before a program begins.
const RUNNER: &str = "\nrunning 1 test";

/// A client of the streams `IN` and `OUT`.
struct Js {
    runtime: Runtime,
    context: Context,
}

impl Js {
    fn new(server: &Server) -> Self {
        let (runtime, client) = connect(&server.url(), ConnectOptions::new());
        let context = runtime.block_on(async { jetstream::new(client) });
        for (name, subject) in [("IN", "in"), ("OUT", "out")] {
            let subjects = vec![subject.to_owned()];
            let config = stream::Config { name: name.to_owned(), subjects, ..Default::default() };
            runtime.block_on(context.create_stream(config)).expect("a stream");
        }
        Js { runtime, context }
    }

    /// Publishes. When it returns, the stream has stored the messages.
    fn publish(&self, payloads: impl IntoIterator<Item = String>) {
        self.runtime.block_on(async {
            let mut last = None;
            for payload in payloads {
                last = Some(self.context.publish("in", payload.into()).await.expect("a publication"));
            }
            last.expect("a message").await.expect("an acknowledgement");
        });
    }
}

/// Whether a line has these totals, behind how long it has taken.
fn has_totals(line: Option<&str>, begin: &str, totals: &str) -> bool {
    let rest = line.and_then(|line| line.strip_prefix(begin));
    rest.and_then(|rest| rest.split_once(" s: ")).is_some_and(|(_, rest)| rest == totals)
}

/// Whether nothing was drawn: there are log lines.
fn is_plain(text: &str) -> bool {
    let mut lines = text.strip_prefix(RUNNER).unwrap_or(text).lines().skip_while(|line| line.is_empty());
    lines.all(|line| line.starts_with("pathway: info: "))
}

/// The numbers in a row of the table: what follows its name.
fn numbers(text: &str, name: &str) -> Vec<String> {
    let row = text.lines().rev().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    row.unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

#[test]
fn a_backlog_is_worked_off_with_a_bar_and_log_lines_stay_whole() {
    let server = Server::start().expect("a server");
    let js = Js::new(&server);
    js.publish((0..4_000).map(value));
    let mut terminal = Terminal::with_size((160, 24), "totals", &server.url(), &[]);
    terminal.wait_for_line(&["totals", "catching up", "commits/s", "latency p50", "p99"]);
    terminal.wait_for_line(&["  backlog █", "░", "% ", " of 4000 messages", "ETA 0:0"]);
    terminal.wait_for_line(&["slow", "%"]);
    js.publish(["bad".to_owned()]);
    let log_line = "pathway: error: orders: a message on subject `in` at position 4001 is skipped: ";
    terminal.wait_for_line(&[log_line]);
    terminal.wait_for_line(&["totals", "running", "state 1 key, "]);
    wait_for("a row without a lag, and no bar", || {
        let text = terminal.text();
        numbers(&text, "orders").get(2..) == Some(&["0", "0", "s", "1", "rejected"].map(str::to_owned)[..])
            && !text.contains("backlog")
    });
    wait_for("rates", || {
        js.publish((0..50).map(value));
        let text = terminal.text();
        let is_number = |number: Option<&String>| number.is_some_and(|number| number != "0" && number != "–");
        is_number(numbers(&text, "orders").first()) && is_number(numbers(&text, "sums").first())
    });
    terminal.interrupt();
    let (status, text, _) = terminal.end();
    assert_eq!(status, Some(0), "{text}");
    assert!(text.lines().any(|line| line.starts_with(log_line) && line.contains("expected")), "{text}");
    let totals = text.lines().last().expect("a line");
    assert!(totals.starts_with("pathway: info: pipeline: stopped after ") && totals.contains(" read, "), "{text}");
    assert!(totals.ends_with(" written, 1 rejected when read"), "{text}");
    assert!(["commits/s", "orders  ", "░", "^C"].iter().all(|part| !text.contains(part)), "{text}");
}

#[test]
fn a_server_that_is_gone_is_shown_until_it_is_back() {
    let mut server = Server::start().expect("a server");
    let js = Js::new(&server);
    js.publish((0..10).map(value));
    let mut terminal = Terminal::with_size((160, 24), "totals", &server.url(), &[]);
    terminal.wait_for_line(&["totals", "running"]);
    server.stop();
    terminal.wait_for_line(&["orders ", "disconnected for 0:0"]);
    terminal.wait_for_line(&["sums ", "disconnected for 0:0"]);
    terminal.wait_for_line(&["disconnected: the connection to nats://", " broke"]);
    server.restart().expect("a server");
    wait_for("a connection", || !terminal.text().contains("disconnected for"));
    // A smaller terminal: nothing of the wide lines is left.
    terminal.resize(50, 24);
    wait_for("narrow lines", || {
        let text = terminal.text();
        // Between the log lines and the status is an empty one.
        let status = text.rsplit_once("\n\n").map_or("", |(_, status)| status);
        status.lines().count() > 3 && status.lines().all(|line| line.chars().count() < 50)
    });
    terminal.interrupt();
    assert_eq!(terminal.end().0, Some(0));
}

#[test]
fn a_status_is_drawn_on_a_terminal_and_nowhere_else() {
    let run = |program, variables: &[(&str, &str)]| {
        let (status, text, drawn) = Terminal::start(program, "", variables).end();
        assert!(status == Some(0) && is_plain(&text), "{program}, {variables:?}: {text}");
        let last = text.lines().last();
        let totals = "1 commit, 0 messages read, 0 written";
        assert!(has_totals(last, "pathway: info: pipeline: stopped after ", totals), "{program}: {text}");
        drawn
    };
    for variables in [&[][..], &[("PATHWAY_CONSOLE", "on")], &[("PATHWAY_CONSOLE", " ON ")]] {
        assert_eq!(run("a second of work", variables), Drawn::Coloured);
    }
    assert_eq!(run("a second of work", &[("NO_COLOR", "1")]), Drawn::Plain);
    assert_eq!(run("a second of work in spite of the environment", &[("PATHWAY_CONSOLE", "off")]), Drawn::Coloured);
    for variables in [("PATHWAY_CONSOLE", "off"), ("TERM", "dumb")] {
        assert_eq!(run("a second of work", &[variables]), Drawn::Nothing);
    }
    for program in ["a second of work without a console", "short"] {
        assert_eq!(run(program, &[]), Drawn::Nothing);
    }
    let started = Terminal::start("started", "", &[]).end();
    assert_eq!(started, (Some(0), RUNNER.to_owned(), Drawn::Nothing));
    for variables in [&[][..], &[("PATHWAY_CONSOLE", "on")]] {
        let (status, text) = without_a_terminal("a second of work", "", variables);
        assert!(status == Some(0) && is_plain(&text) && !text.contains('\x1b'), "{text}");
    }
}

#[test]
fn a_setting_of_the_environment_that_is_none_is_an_error() {
    let cure = "set it to `on` or `off`, or unset it to show the status on a terminal";
    for (value, what) in [("maybe", "is `maybe`"), ("", "is set, and empty")] {
        let (status, said) = without_a_terminal("short", "", &[("PATHWAY_CONSOLE", value)]);
        assert_eq!((status, said), (Some(1), format!("Error: PATHWAY_CONSOLE {what}: {cure}\n")));
    }
}

#[test]
fn lines_of_the_program_and_of_its_subscriber_stay_whole() {
    let terminal = Terminal::with_size((200, 24), "lines", "", &[]);
    terminal.wait_for_line(&["lines", "running"]);
    let (status, text, _) = terminal.end();
    assert_eq!(status, Some(0), "{text}");
    let mut lines = text.lines().skip(2);
    let mut logged = 0;
    let mut next = || loop {
        match lines.next() {
            Some(line) if line.starts_with("ERROR pipeline{") => {
                assert!(line.contains("is skipped: ") && line.contains(" component=\"in\""), "{line}");
                logged += 1;
            }
            Some(line) if line.starts_with(" INFO pipeline{") => {
                assert!(line.contains(" component=\"pipeline\""), "{line}");
            }
            line => return line,
        }
    };
    for number in 0..300 {
        assert_eq!(next(), Some(&*format!("line {number}")));
        assert_eq!(next(), Some(&*format!("and again {number}")));
    }
    let totals = "7 commits, 306 messages read, 0 written, 6 rejected when read";
    assert!(has_totals(next(), "lines: ended after ", totals), "{text}");
    assert_eq!((next(), logged), (None, 6), "{text}");
}

#[test]
fn a_panic_and_a_failed_start_leave_a_clean_terminal() {
    let terminal = Terminal::start("panic", "", &[("RUST_BACKTRACE", "0")]);
    terminal.wait_for_line(&["rows", "running"]);
    let (status, text, _) = terminal.end();
    assert_eq!(status, Some(1), "{text}");
    assert!(text.lines().any(|line| line == "it has had enough"), "{text}");
    let error = "Error: worker 0 panicked, and the pipeline ended: it has had enough";
    assert_eq!(text.lines().last(), Some(error), "{text}");
    assert!(!text.contains("commits/s"), "{text}");

    // Nobody listens there.
    let terminal = Terminal::with_size((160, 24), "connect", "nats://127.0.0.1:1", &[]);
    terminal.wait_for_line(&["nowhere", "starting"]);
    terminal.wait_for_line(&["orders ", "connecting"]);
    let (status, text, _) = terminal.end();
    assert_eq!(status, Some(1), "{text}");
    assert!(text.lines().last().is_some_and(|line| line.starts_with("Error: ")), "{text}");
    assert!(["commits/s", "ended after"].iter().all(|part| !text.contains(part)), "{text}");
}

#[test]
fn a_second_signal_leaves_a_clean_terminal() {
    let mut terminal = Terminal::with_size((160, 24), "ignore a stop", "", &[]);
    terminal.wait_for_line(&["stuck", "running"]);
    terminal.interrupt();
    terminal.wait_for_line(&["stuck", "stopping", "commits/s"]);
    terminal.wait_for_line(&["the end of the pipeline has waited 5 s for this source"]);
    terminal.interrupt();
    let (status, text, _) = terminal.end();
    let last = "pathway: error: pipeline: second SIGINT: ended before everything was flushed";
    assert_eq!((status, text.lines().last()), (Some(130), Some(last)), "{text}");
    assert!(!text.contains("commits/s"), "{text}");
}
