//! Joins each trade with the quote that was valid at its event time. A late quote corrects the trades that it should have
//! priced, and no others.
//!
//! ```sh
//! cargo run --release --example price_trades
//! ```
//!
//! With `NATS_URL` it runs on that server until you stop it: it reads `trades` and `quotes`, and writes `priced`.

#[path = "shared/show.rs"]
mod show;

use pathway::prelude::*;

#[derive(Schema)]
struct Trade {
    id: i64,
    symbol: String,
    at: DateTimeUtc,
}

#[derive(Schema)]
struct Quote {
    symbol: String,
    at: DateTimeUtc,
    bid: f64,
}

fn priced(uri: &str) -> Pipeline {
    let pipeline = Pipeline::new();
    let trades = nats::read(&pipeline, uri, "trades").json::<Trade>();
    let quotes = nats::read(&pipeline, uri, "quotes").json::<Quote>();
    // Keep the trades of the last hour: older ones are removed from the output (`diff` -1) and from memory.
    let trades = trades.forget(|t| t.at, 1.hours());
    let quotes = quotes.forget(|q| q.at, 2.hours());
    let priced = join!(t in trades, q? in quotes on t.symbol == q.symbol asof t.at >= q.at => {
        t.id,
        bid: q.map(|q| q.bid),
    });
    nats::write(&priced, uri, "priced").json();
    pipeline
}

fn main() -> show::Outcome {
    let messages = [
        ("quotes", r#"{"symbol": "ACME", "at": "2026-01-01T08:00:00Z", "bid": 10.0}"#),
        ("trades", r#"{"id": 1, "symbol": "ACME", "at": "2026-01-01T08:01:00Z"}"#),
        ("trades", r#"{"id": 2, "symbol": "ACME", "at": "2026-01-01T08:09:00Z"}"#),
        // A late quote: it changes the price of the second trade, but not of the first, which was earlier.
        ("quotes", r#"{"symbol": "ACME", "at": "2026-01-01T08:05:00Z", "bid": 10.5}"#),
    ];
    show::run_or_show(priced, &messages, "priced", r#"{"id":2,"bid":10.5"#)
}
