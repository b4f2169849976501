//! The status of pipelines, as text.

use std::time::Duration;

use super::line::{Line, Tone};
use super::progress::Backlogs;
use super::status::{Moments, View, lines};
use super::terminal::{Size, frame};
use crate::observation::{EndSnapshot, EndState, Snapshot};
use crate::telemetry::{
    Histogram, OperatorStats, OperatorWorkerStats, PersistenceStats, PipelineState, ReplayStats, SinkStats,
    SourceStats, Stats,
};

const WIDE: Size = Size { columns: 121, rows: 24 };

fn source(name: &str, change: impl FnOnce(&mut SourceStats)) -> SourceStats {
    let mut source = SourceStats { name: name.to_owned(), ..SourceStats::default() };
    change(&mut source);
    source
}

fn operator(name: &str, change: impl FnOnce(&mut OperatorStats)) -> OperatorStats {
    let workers = vec![OperatorWorkerStats::default()];
    let mut operator = OperatorStats { name: name.to_owned(), workers, ..OperatorStats::default() };
    change(&mut operator);
    operator
}

fn sink(name: &str, change: impl FnOnce(&mut SinkStats)) -> SinkStats {
    let mut sink = SinkStats { name: name.to_owned(), ..SinkStats::default() };
    change(&mut sink);
    sink
}

fn stats(sources: Vec<SourceStats>, operators: Vec<OperatorStats>, sinks: Vec<SinkStats>) -> Stats {
    let (pipeline, state) = ("orders-service".to_owned(), PipelineState::Running);
    Stats { pipeline, state, sources, operators, sinks, ..Stats::default() }
}

/// A view of a pipeline whose sources and sinks are connected.
fn view(at: f64, stats: Stats) -> View {
    let end = |name: &String| EndSnapshot { name: name.clone(), state: EndState::Connected, is_full: false };
    let snapshot = Snapshot {
        pipeline: stats.pipeline.clone(),
        version: "0",
        time: 1_700_000_000_000,
        started: 0,
        stuck: None,
        missing: Vec::new(),
        sources: stats.sources.iter().map(|it| end(&it.name)).collect(),
        sinks: stats.sinks.iter().map(|it| end(&it.name)).collect(),
        stats,
        events: Vec::new(),
    };
    View { at, snapshot }
}

/// What is shown after a sequence of moments: the last one, with rates since the one before it.
fn shown(views: &[View], size: Size) -> Vec<Line> {
    let mut backlogs = Backlogs::default();
    views.iter().for_each(|view| backlogs.update(view));
    let now = views.last().expect("a view");
    let before = views.iter().rev().nth(1).unwrap_or(now);
    lines(&Moments { before, now }, &backlogs, size)
}

fn text(lines: &[Line]) -> Vec<String> {
    let drawn = lines.iter().map(|line| {
        let mut text = String::new();
        line.draw(&mut text, false);
        text.trim_end().to_owned()
    });
    drawn.collect()
}

fn toned(lines: &[Line], tone: Tone) -> String {
    lines.iter().map(|line| line.toned(tone)).filter(|text| !text.is_empty()).collect::<Vec<_>>().join("|")
}

/// Two seconds of a service.
fn service(second: u64) -> Stats {
    let mut stats = stats(
        vec![
            source("orders", |it| {
                (it.received, it.rows, it.rejected) = (2_000 * second, 1_999 * second, second);
                (it.lag_messages, it.lag_seconds, it.backlog) = (Some(0), Some(0.0), 12);
                (it.state_keys, it.state_bytes) = (100, 8_000);
            }),
            source("cities", |it| (it.received, it.rows) = (7, 7)),
        ],
        vec![
            operator("large orders", |it| (it.rows, it.busy_seconds) = (900 * second, 0.004 * second as f64)),
            operator("with country", |it| {
                (it.rows, it.busy_seconds, it.state_keys) = (900 * second, 0.25 * second as f64, 12_345);
                (it.state_bytes, it.event_time_lag_seconds) = (1_200_000, Some(2.1));
            }),
            operator("countries", |it| (it.rows, it.busy_seconds) = (20 * second, 0.02 * second as f64)),
            operator("minutes", |it| {
                (it.rows, it.busy_seconds, it.late) = (30 * second, 0.95 * second as f64, 5 * second);
                it.event_time_lag_seconds = Some(62.1);
            }),
            operator("quiet", |it| it.errors = 3),
        ],
        vec![
            sink("totals.countries", |it| (it.published, it.unconfirmed) = (20 * second, 3)),
            sink("totals.minutes", |it| (it.published, it.is_full) = (30 * second, true)),
        ],
    );
    let (latency, rows) = (Histogram::of_durations(), Histogram::of_rows());
    for _ in 0..100 * second {
        latency.record(Duration::from_micros(1_500));
        rows.record_number(20);
    }
    (stats.latency.total, stats.commit_rows) = (latency.stats(), rows.stats());
    stats
}

#[test]
fn a_service_is_shown_with_rates_lag_and_what_needs_attention() {
    let shown = shown(&[view(1.0, service(1)), view(3.0, service(3))], WIDE);
    let expected = [
        "orders-service   running   up 0:03   100 commits/s   latency p50 1.5 ms, p99 2 ms   state 12.4k keys, 1.2 MB",
        "event time 1 min behind",
        "source             messages/s  rows/s          lag  behind",
        "orders                     2k      2k           12     0 s  3 rejected",
        "cities                      0       0",
        "operator               rows/s    busy         keys",
        "with country              900     25%        12.3k",
        "countries                  20      2%",
        "minutes                    30     95%                       15 late rows, event time 1 min behind others",
        "quiet                       0      0%                       3 errors",
        "and 1 other",
        "sink              published/s          unconfirmed",
        "totals.countries           20                    3",
        "totals.minutes             30                    0          full",
    ];
    assert_eq!(text(&shown), expected);
    assert_eq!(toned(&shown, Tone::Bad), "3 rejected|full");
    assert_eq!(toned(&shown, Tone::Warn), "95%15 late rowsevent time 1 min behind others");
    assert_eq!(toned(&shown, Tone::Good), "running");
}

#[test]
fn at_the_first_moment_no_rate_is_known() {
    let mut service = service(1);
    service.state = PipelineState::Starting;
    let mut first = view(0.3, service);
    first.snapshot.sources[0].state = EndState::Starting;
    let shown = shown(&[first], WIDE);
    assert_eq!(
        text(&shown)[0],
        "orders-service   starting   up 0:00   – commits/s   state 12.4k keys, 1.2 MB   event time 1 min behind"
    );
    let orders = "orders                      –       –           12     0 s  connecting, 1 rejected";
    assert_eq!(text(&shown)[2], orders);
}

#[test]
fn what_is_disconnected_says_since_when_and_why() {
    let mut views = [view(1.0, service(1)), view(2.0, service(2))];
    let reason = "the connection to nats://localhost:4222 broke".to_owned();
    let since = views[1].snapshot.time - 75_000;
    views[1].snapshot.sources[1].state = EndState::Disconnected { since, reason: reason.clone() };
    views[1].snapshot.sinks[0].state = EndState::Disconnected { since, reason };
    views[1].snapshot.stuck = Some("the pipeline has worked on one thing for 61 s, behind 7 commits".to_owned());
    let wide = shown(&views, WIDE);
    let expected = [
        "stuck: the pipeline has worked on one thing for 61 s, behind 7 commits",
        "disconnected: the connection to nats://localhost:4222 broke",
        "source             messages/s  rows/s          lag  behind",
        "orders                     2k      2k           12     0 s  2 rejected",
        "cities                      0       0                       disconnected for 1:15",
    ];
    assert_eq!(text(&wide)[2..7], expected);
    let bad = format!("{}|{}|2 rejected|disconnected for 1:15|disconnected for 1:15|full", expected[0], expected[1]);
    assert_eq!(toned(&wide, Tone::Bad), bad);
    // Below the row, where there is no room behind it.
    let narrow = text(&shown(&views, Size { columns: 61, rows: 40 }));
    let cities = narrow.iter().position(|line| line.starts_with("cities")).expect("a row");
    assert_eq!(narrow[cities + 1], "  disconnected for 1:15");
}

/// A source that has read so many messages of a backlog.
fn behind(at: f64, received: u64, lag: u64, state: PipelineState) -> View {
    let orders = source("orders", |it| {
        (it.received, it.rows, it.is_behind) = (received, received, lag > 0);
        (it.lag_messages, it.lag_seconds) = (Some(lag), Some(lag as f64 / 100.0));
    });
    view(at, Stats { state, ..stats(vec![orders], vec![], vec![]) })
}

#[test]
fn a_backlog_has_a_bar_until_it_is_worked_off() {
    use PipelineState::{CatchingUp, Running, Starting};
    let start = || behind(0.3, 0, 600_000, Starting);
    assert_eq!(
        text(&shown(&[start()], WIDE))[3],
        "  backlog ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░   0%  0 of 600k messages  ETA –"
    );
    let catching_up = [start(), behind(1.0, 100_000, 510_000, CatchingUp), behind(3.0, 300_000, 310_000, CatchingUp)];
    let shown_now = shown(&catching_up, WIDE);
    let expected = [
        "orders-service   catching up   up 0:03   0 commits/s",
        "source  messages/s  rows/s   lag  behind",
        "orders        100k    100k  310k  52 min",
    ];
    assert_eq!(text(&shown_now)[..3], expected);
    // New messages arrive, so that it takes longer than at the rate of reading.
    assert_eq!(text(&shown_now)[3], "  backlog ██████████████░░░░░░░░░░░░░░░░  49%  300k of 610k messages  ETA 0:03");
    let growing = [start(), behind(1.0, 1_000, 599_000, CatchingUp), behind(2.0, 2_000, 700_000, CatchingUp)];
    assert_eq!(toned(&shown(&growing, WIDE), Tone::Warn), "catching up|700k1.9 h|growing");
    let done = [start(), behind(9.0, 600_000, 0, Running)];
    assert_eq!(text(&shown(&done, WIDE)).len(), 3);
    // A moment under load, and an interruption.
    let short = [start(), behind(9.0, 600_000, 0, Running), behind(10.0, 600_500, 2_000, CatchingUp)];
    assert_eq!(text(&shown(&short, WIDE)).len(), 3);
    let long = [
        behind(9.0, 600_000, 0, Running),
        behind(10.0, 600_000, 9_000, CatchingUp),
        behind(12.0, 606_000, 3_000, CatchingUp),
    ];
    let bar = &text(&shown(&long, WIDE))[3];
    assert!(bar.ends_with(" 66%  6000 of 9000 messages  ETA 0:01"), "{bar}");
}

#[test]
fn the_first_contents_of_a_bucket_and_the_commits_of_a_log_and_a_recording_have_bars() {
    let bucket = |at: f64, received: u64| {
        let customers = source("customers", |it| {
            (it.received, it.is_behind, it.lag_messages) = (received, true, Some(200 - received));
            (it.first_contents, it.first_contents_received) = (Some(200), Some(received));
        });
        view(at, stats(vec![customers], vec![], vec![]))
    };
    let bar = &text(&shown(&[bucket(1.0, 50), bucket(2.0, 100)], WIDE))[3];
    assert_eq!(bar, "  first contents ███████████████░░░░░░░░░░░░░░░  50%  100 of 200 keys  ETA 0:02");
    assert_eq!(text(&shown(&[bucket(1.0, 50), bucket(2.0, 200)], WIDE)).len(), 3);

    let log = |at: f64, replayed_commits: u64| {
        let persistence = PersistenceStats { replayed_commits, logged_commits: 4_000, ..PersistenceStats::default() };
        let state = PipelineState::Starting;
        view(at, Stats { state, persistence: Some(persistence), ..stats(vec![], vec![], vec![]) })
    };
    let bar = &text(&shown(&[log(1.0, 0), log(2.0, 3_999)], WIDE))[1];
    assert_eq!(bar, "  computing again █████████████████████████████░  99%  3999 of 4000 commits  ETA 0:00");
    assert_eq!(text(&shown(&[log(1.0, 0), log(2.0, 4_000)], WIDE)).len(), 1);

    let recording = |at: f64, commits: u64, recorded_commits| {
        let replay = ReplayStats { run: 1, commits, recorded_commits };
        view(at, Stats { replay: Some(replay), ..stats(vec![], vec![], vec![]) })
    };
    let bar = &text(&shown(&[recording(1.0, 0, Some(90)), recording(3.0, 30, Some(90))], WIDE))[1];
    assert_eq!(bar, "  replay ██████████░░░░░░░░░░░░░░░░░░░░  33%  30 of 90 commits  ETA 0:04");
    assert_eq!(text(&shown(&[recording(1.0, 0, None), recording(3.0, 30, None)], WIDE)).len(), 1);
}

#[test]
fn sixty_operators_do_not_flood_the_screen() {
    let large = |second: u64| {
        let named = |kind: &str| (0..60).map(|number| format!("{kind} {number}")).collect::<Vec<_>>();
        let operators = named("operator").into_iter().enumerate().map(|(number, name)| {
            operator(&name, |it| {
                it.busy_seconds = (number % 7) as f64 / 20.0 * second as f64;
                it.errors = if number == 33 { second } else { 0 };
            })
        });
        let sources = named("source").into_iter().map(|name| source(&name, |it| it.received = 100 * second));
        let sinks = named("sink").into_iter().map(|name| sink(&name, |it| it.published = 50 * second));
        let mut large = view(second as f64, stats(sources.collect(), operators.collect(), sinks.collect()));
        large.snapshot.sinks[44].state = EndState::Disconnected { since: 0, reason: "it broke".to_owned() };
        large
    };
    let lines = |rows| text(&shown(&[large(1), large(2)], Size { columns: 100, rows }));
    let all = lines(60);
    let count = |lines: &[String], begin: &str| lines.iter().filter(|line| line.starts_with(begin)).count();
    assert_eq!(["source ", "operator ", "sink ", "and "].map(|begin| count(&all, begin)), [9, 5, 9, 3], "{all:#?}");
    assert!(all.contains(&"and 56 others".to_owned()) && all.contains(&"and 52 others".to_owned()), "{all:#?}");
    for urgent in ["operator 33", "sink 44"] {
        for rows in [24, 12] {
            let lines = lines(rows);
            assert!(lines.len() <= rows - 2, "{lines:#?}");
            assert_eq!(count(&lines, urgent), 1, "{lines:#?}");
        }
    }
    assert_eq!(lines(5).len(), 3);
    assert_eq!([2, 0].map(|rows| lines(rows).len()), [0, 0]);
}

#[test]
fn names_and_columns_fit_a_narrow_terminal_in_any_script() {
    let named = |second: u64| {
        let name = "注文データ.ヨーロッパ.北部.未加工";
        let orders = source(name, |it| (it.received, it.lag_messages, it.lag_seconds) = (second, Some(5), Some(1.0)));
        let evil = source("a\x1b[2J\r\nb", |_| ());
        view(second as f64, stats(vec![orders, evil], vec![], vec![sink(&"long.".repeat(20), |_| ())]))
    };
    let at = |columns| shown(&[named(1), named(2)], Size { columns, rows: 24 });
    for columns in [120, 80, 60, 40, 25, 10, 1, 0] {
        let lines = at(columns);
        assert!(lines.iter().all(|line| line.width() < columns.max(1)), "{columns}: {:#?}", text(&lines));
        assert!(text(&lines).iter().all(|line| !line.contains(['\x1b', '\r', '\n'])));
    }
    let expected = [
        "orders-service   running   up 0:02",
        "0 commits/s",
        "source          messages/s          lag",
        "注文デ…未加工            1            5",
        "a\u{fffd}[2J\u{fffd}\u{fffd}b                 0",
        "sink           published/s  unconfirmed",
        "long.l….long.            0            0",
    ];
    assert_eq!(text(&at(40)), expected);
}

#[test]
fn a_frame_leaves_the_cursor_where_it_was() {
    let lines = [Line::of(Tone::Bad, "one"), Line::of(Tone::Plain, "two")];
    assert_eq!(frame(&lines, false), "\x1b[K\x1b[?7l\r\none\x1b[K\r\ntwo\x1b[K\x1b[J\r\x1b[2A\x1b[?7h");
    assert_eq!(frame(&lines[..1], true), "\x1b[K\x1b[?7l\r\n\x1b[31mone\x1b[0m\x1b[K\x1b[J\r\x1b[1A\x1b[?7h");
    assert_eq!(frame(&[], true), "\x1b[K\x1b[?7l\x1b[J\r\x1b[?7h");
}
