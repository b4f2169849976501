//! Alerts when a card is used too often, or for too much money, within ten minutes; late payments count.
//!
//! ```sh
//! cargo run --release --example fraud_windows
//! ```
//!
//! The windows are ten minutes long, and one starts each minute. A payment that arrives up to five minutes late still counts.
//! With `NATS_URL` it runs on that server until you stop it: it reads `payments` and writes `alerts`.

#[path = "shared/show.rs"]
mod show;

use pathway::prelude::*;

#[derive(Schema)]
struct Payment {
    card: String,
    amount: i64,
    at: DateTimeUtc,
}

fn alerts(uri: &str) -> Pipeline {
    let pipeline = Pipeline::new();
    let payments = nats::read(&pipeline, uri, "payments").json::<Payment>();
    let windows = reduce!(p in payments by p.card
        window sliding(p.at, 10.minutes(), 1.minutes()).allowed_lateness(5.minutes()) as w => {
            card: p.card,
            from: w.start,
            payments: count(),
            amount: sum(p.amount),
    });
    let suspicious = filter!(w in windows => w.payments >= 4 || w.amount > 5_000);
    // One row for each card: since when it is suspicious, and its worst window.
    let alerts = reduce!(w in suspicious by w.card => {
        card: w.card,
        since: min(w.from),
        payments: max(w.payments),
        amount: max(w.amount),
    });
    nats::write(&alerts, uri, "alerts").json();
    pipeline
}

fn main() -> show::Outcome {
    let messages = [
        ("payments", r#"{"card": "1111", "amount": 20, "at": "2026-01-01T08:00:10Z"}"#),
        ("payments", r#"{"card": "2222", "amount": 4000, "at": "2026-01-01T08:01:00Z"}"#),
        ("payments", r#"{"card": "1111", "amount": 30, "at": "2026-01-01T08:03:00Z"}"#),
        ("payments", r#"{"card": "1111", "amount": 25, "at": "2026-01-01T08:08:30Z"}"#),
        // Four minutes late, and the fourth payment within ten minutes.
        ("payments", r#"{"card": "1111", "amount": 10, "at": "2026-01-01T08:04:30Z"}"#),
        ("payments", r#"{"card": "2222", "amount": 1500, "at": "2026-01-01T08:09:00Z"}"#),
    ];
    show::run_or_show(alerts, &messages, "alerts", r#""amount":5500,"diff":1"#)
}
