use pathway::prelude::*;

#[derive(Schema)]
struct Reading {
    #[schema(primary_key)]
    sensor: i64,
    degrees: f64,
}

#[derive(Schema)]
struct Jump {
    sensor: i64,
}

fn pipeline(readings: Table<Reading>) {
    let jumps = readings.group_by(|r| r.sensor).scan(0.0, |last, r| (r.degrees > *last).then_some(Jump { sensor: r.sensor }));
}

fn main() {}
