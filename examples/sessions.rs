//! Session windows: a visit is the clicks of a user that follow each other within half an hour. Each visit is written once,
//! when it closes.
//!
//! ```sh
//! cargo run --release --example sessions
//! ```
//!
//! With `NATS_URL` it runs on that server until you stop it: it reads `clicks` and writes `visits`.

#[path = "shared/show.rs"]
mod show;

use pathway::prelude::*;

#[derive(Schema)]
struct Click {
    user: String,
    page: String,
    at: DateTimeUtc,
}

fn visits(uri: &str) -> Pipeline {
    let pipeline = Pipeline::new();
    let clicks = nats::read(&pipeline, uri, "clicks").json::<Click>();
    let visits = reduce!(c in clicks by c.user
        window session(c.at, 30.minutes()).allowed_lateness(30.minutes()).emit_on_close() as visit => {
            user: c.user,
            from: visit.start,
            until: visit.end,
            clicks: count(),
            pages: count_distinct(c.page),
    });
    nats::write(&visits, uri, "visits").json();
    pipeline
}

fn main() -> show::Outcome {
    let messages = [
        ("clicks", r#"{"user": "ann", "page": "/", "at": "2026-01-01T08:00:00Z"}"#),
        ("clicks", r#"{"user": "bob", "page": "/", "at": "2026-01-01T08:05:00Z"}"#),
        ("clicks", r#"{"user": "ann", "page": "/pens", "at": "2026-01-01T08:20:00Z"}"#),
        ("clicks", r#"{"user": "ann", "page": "/pens", "at": "2026-01-01T08:58:00Z"}"#),
        // A late click, which merges Ann's two visits into one.
        ("clicks", r#"{"user": "ann", "page": "/ink", "at": "2026-01-01T08:40:00Z"}"#),
        // Event time is now more than an hour ahead of all other clicks: both visits close.
        ("clicks", r#"{"user": "cid", "page": "/", "at": "2026-01-01T10:00:00Z"}"#),
    ];
    show::run_or_show(visits, &messages, "visits", r#"{"user":"bob""#)
}
