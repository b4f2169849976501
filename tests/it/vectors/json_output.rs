//! JSON output: the format of each type of value.

use pathway::prelude::*;

use super::replay::vectors;

#[derive(Schema)]
struct Input {
    a: f64,
}

vectors! {
    out_nonfinite: |t: Table<Input>| select!(r in t => {
        inf: r.a * 10.0,
        ninf: -(r.a * 10.0),
        nan: (r.a * 10.0) - (r.a * 10.0),
        ok: r.a,
        tup: (r.a * 10.0, 1.5),
    });
}
