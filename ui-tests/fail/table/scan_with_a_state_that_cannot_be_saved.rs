use pathway::prelude::*;

#[derive(Schema)]
struct Reading {
    sensor: i64,
    degrees: f64,
}

#[derive(Schema)]
struct Jump {
    sensor: i64,
}

#[derive(Clone, Default)]
struct Last {
    degrees: f64,
}

fn pipeline(readings: Table<Reading>) {
    let jumps = readings.group_by(|r| r.sensor).scan(Last::default(), |last, r| {
        let before = std::mem::replace(&mut last.degrees, r.degrees);
        (r.degrees > before + 2.0).then_some(Jump { sensor: r.sensor })
    });
}

fn main() {}
