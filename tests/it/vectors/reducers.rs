//! Reducers over rows that are inserted, changed and removed.

use pathway::prelude::*;

use super::compare::{Difference, UNCOMMITTED};
use super::errors::untold;
use super::replay::vectors;

const UNIQUE: &str = "A group that is not `unique` temporarily has no row";
const MISSING: &str = "Aggregates of an `Option` column skip missing values";

/// The newest message of each `k` is its row, and counts while it is alive.
///
/// Pathway's program uses `groupby(k)` with `latest` for each column, because its primary keys do not replace rows.
#[derive(Schema)]
pub(super) struct Keyed<V> {
    #[schema(primary_key)]
    pub(super) k: i64,
    pub(super) g: String,
    pub(super) v: V,
    #[schema(default = true)]
    alive: bool,
}

/// Only the rows that are alive.
pub(super) fn alive<V: pathway::ColumnType>(table: Table<Keyed<V>>) -> Table<Keyed<V>> {
    filter!(r in table => r.alive)
}

#[derive(Schema)]
struct Types {
    s: String,
    b: bool,
    d: DateTimeUtc,
    l: Vec<i64>,
    f: f64,
}

vectors! {
    red_count: |t: Table<Keyed<i64>>| reduce!(u in alive(t) by u.g => { g: u.g, n: count() });
    red_sum_int: |t: Table<Keyed<i64>>| reduce!(u in alive(t) by u.g => { g: u.g, s: sum(u.v) });
    red_avg: |t: Table<Keyed<i64>>| reduce!(u in alive(t) by u.g => { g: u.g, m: avg(u.v) });
    red_argmin_argmax: |t: Table<Keyed<i64>>| {
        reduce!(u in alive(t) by u.g => { g: u.g, amin: arg_min(u.v, u.k), amax: arg_max(u.v, u.k) })
    };
    red_null_arg: |t: Table<Keyed<Option<i64>>>| {
        reduce!(u in alive(t) by u.g => { g: u.g, amin: arg_min(u.v, u.k), amax: arg_max(u.v, u.k) })
    }, differs &[
        Difference {
            entry: MISSING,
            commit: 1,
            theirs: &[r#"{"g":"a","amin":1,"amax":2,"diff":1,"time":@TIME@}"#],
            ours: &[r#"{"g":"a","amin":2,"amax":2,"diff":1,"time":@TIME@}"#],
        },
        Difference {
            entry: MISSING,
            commit: 2,
            theirs: &[r#"{"g":"a","amin":1,"amax":2,"diff":-1,"time":@TIME@}"#],
            ours: &[r#"{"g":"a","amin":2,"amax":2,"diff":-1,"time":@TIME@}"#],
        },
    ], rejects 0;
    red_count_distinct: |t: Table<Keyed<i64>>| {
        reduce!(u in alive(t) by u.g => { g: u.g, c: count_distinct(u.v), c2: count_distinct((u.v, u.k)) })
    };
    red_unique_ok: |t: Table<Keyed<i64>>| reduce!(u in alive(t) by u.g => { g: u.g, x: unique(u.g) });
    red_unique_conflict_false: |t: Table<Keyed<i64>>| reduce!(u in alive(t) by u.g => { g: u.g, x: unique(u.v) }), differs &[
        untold(2, &[
            r#"{"message":"Error value encountered in output, skipping the row","diff":1,"time":@TIME@}"#,
            r#"{"message":"More than one distinct value passed to the unique reducer: Int(1), Int(2)","diff":1,"time":@TIME@}"#,
        ]),
        untold(UNCOMMITTED, &[r#"{"message":"Error value encountered in output, skipping the row","diff":1,"time":@TIME@}"#]),
    ], rejects 0;
    red_unique_conflict_true: |t: Table<Keyed<i64>>| reduce!(u in alive(t) by u.g => { g: u.g, x: unique(u.v) }), differs &[
        Difference { entry: UNIQUE, commit: 2, theirs: &[], ours: &[r#"{"g":"a","x":1,"diff":-1,"time":@TIME@}"#] },
        Difference { entry: UNIQUE, commit: 3, theirs: &[], ours: &[r#"{"g":"a","x":1,"diff":1,"time":@TIME@}"#] },
    ], rejects 0;
    red_null_unique: |t: Table<Keyed<Option<i64>>>| reduce!(u in alive(t) by u.g => { g: u.g, x: unique(u.v) }), differs &[
        Difference {
            entry: MISSING,
            commit: 1,
            theirs: &[],
            ours: &[
                r#"{"g":"a","x":2,"diff":1,"time":@TIME@}"#,
                r#"{"g":"b","x":null,"diff":1,"time":@TIME@}"#,
            ],
        },
        Difference {
            entry: MISSING,
            commit: 2,
            theirs: &[],
            ours: &[
                r#"{"g":"a","x":2,"diff":-1,"time":@TIME@}"#,
                r#"{"g":"a","x":null,"diff":1,"time":@TIME@}"#,
            ],
        },
    ], rejects 0;
    red_null_minmax: |t: Table<Keyed<Option<i64>>>| {
        reduce!(u in alive(t) by u.g => { g: u.g, mn: min(u.v), mx: max(u.v) })
    }, differs &[
        Difference {
            entry: MISSING,
            commit: 1,
            theirs: &[r#"{"g":"a","mn":null,"mx":2,"diff":1,"time":@TIME@}"#],
            ours: &[r#"{"g":"a","mn":2,"mx":2,"diff":1,"time":@TIME@}"#],
        },
        Difference {
            entry: MISSING,
            commit: 2,
            theirs: &[r#"{"g":"a","mn":null,"mx":2,"diff":-1,"time":@TIME@}"#],
            ours: &[r#"{"g":"a","mn":2,"mx":2,"diff":-1,"time":@TIME@}"#],
        },
    ], rejects 0;
    red_minmax_types: |t: Table<Types>| reduce!(r in t => {
        s0: min(r.s),
        s1: max(r.s),
        b0: min(r.b),
        b1: max(r.b),
        d0: min(r.d),
        d1: max(r.d),
        l0: min(r.l),
        l1: max(r.l),
        f0: min(r.f),
    });
}
