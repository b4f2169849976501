//! When the row of a group appears, changes and disappears.

use pathway::prelude::*;

use super::reducers::{Keyed, alive};
use super::replay::vectors;

#[derive(Schema)]
struct Tutorial {
    value: i64,
}

#[derive(Schema)]
struct Input {
    v: i64,
}

#[derive(Schema)]
struct TwoKeys {
    g: Option<String>,
    h: i64,
    v: i64,
}

vectors! {
    tutorial_sum_10: |t: Table<Tutorial>| reduce!(r in t => { sum: sum(r.value) });
    tutorial_sum_10_each: |t: Table<Tutorial>| reduce!(r in t => { sum: sum(r.value) });
    global_reduce_empty_commit: |t: Table<Input>| reduce!(r in t => { s: sum(r.v) });
    global_reduce_no_change: |t: Table<Input>| reduce!(r in t => { s: sum(r.v) });
    group_disappears: |t: Table<Keyed<i64>>| reduce!(u in alive(t) by u.g => { g: u.g, n: count() });
    group_multi_key: |t: Table<TwoKeys>| reduce!(r in t by r.g, r.h => { g: r.g, h: r.h, s: sum(r.v) });
}
