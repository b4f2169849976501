//! The reducers, over rows that come, change and go.

use pathway::prelude::*;

use super::replay::vectors;

/// The newest message of each `k` stands, and counts while it is alive.
///
/// Pathway's program says the same as a `groupby(k)` with `latest` for each column: its primary keys do not replace.
#[derive(Schema)]
pub(super) struct Keyed<V> {
    #[schema(primary_key)]
    k: i64,
    pub(super) g: String,
    pub(super) v: V,
    #[schema(default = true)]
    alive: bool,
}

/// The rows that are alive.
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
    red_null_minmax: |t: Table<Keyed<Option<i64>>>| {
        reduce!(u in alive(t) by u.g => { g: u.g, mn: min(u.v), mx: max(u.v) })
    };
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
