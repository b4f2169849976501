use pathway::prelude::*;

#[derive(Schema)]
struct Reading {
    #[schema(primary_key)]
    sensor: i64,
    degrees: f64,
}

fn pipeline(readings: Table<Reading>) {
    let coarse = readings.deduplicate(|r| r.sensor).accept(|new, old| (new.degrees - old.degrees).abs() > 2.0);
}

fn main() {}
