use pathway::prelude::*;

#[derive(Schema, Clone)]
struct Reading {
    sensor: i64,
    at: i64,
}

fn pipeline(readings: Table<Reading>) {
    let silent = readings.timed(|r| r.at).group_by(|r| r.sensor).scan_with_timers(
        None,
        |last, r, timers| {
            *last = Some(r.clone());
            timers.replace(timers.now() + 60);
            None
        },
        |_, last, _| last.clone(),
    );
}

fn main() {}
