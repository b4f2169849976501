use pathway::prelude::*;

#[derive(Schema)]
struct Reading {
    device: String,
    at: i64,
}

fn pipeline(readings: Table<Reading>) {
    let tens = reduce!(r in readings window tumbling(r.at, 10).time_by() as w => { start: w.start, n: count() });
    let twice = reduce!(r in readings window tumbling(r.at, 10).time_by(r.device).time_by(r.at) as w => { start: w.start, n: count() });
    let unknown = reduce!(r in readings window tumbling(r.at, 10).time_by(r.sensor) as w => { start: w.start, n: count() });
}

fn main() {}
