//! Primary keys: here a later row replaces the row with the same key, while Pathway adds a row.

use pathway::prelude::*;

use super::compare::Difference;
use super::errors::NO_ERROR_TABLE;
use super::replay::vectors;

#[derive(Schema)]
struct Keyed<K> {
    #[schema(primary_key)]
    k: K,
    a: i64,
}

#[derive(Schema)]
struct Unkeyed {
    a: i64,
}

#[derive(Schema)]
struct ByPath {
    #[schema(primary_key, path = "/m/id")]
    k: i64,
    a: i64,
}

#[derive(Schema)]
struct TwoKeys {
    #[schema(primary_key)]
    k1: i64,
    a: i64,
    #[schema(primary_key)]
    k2: String,
}

fn same<R>(table: R) -> R {
    table
}

vectors! {
    nopk_group_order: same::<Table<Unkeyed>>, rejects 0;
    pk_upsert: same::<Table<Keyed<i64>>>, differs &[
        replaces(2, &[], &[r#"{"k":1,"a":1,"diff":-1,"time":@TIME@}"#]),
        // An equal row changes nothing.
        replaces(3, &[r#"{"k":1,"a":10,"diff":1,"time":@TIME@}"#], &[]),
        replaces(4, &[], &[r#"{"k":1,"a":10,"diff":-1,"time":@TIME@}"#]),
    ], rejects 0;
    pk_same_commit: same::<Table<Keyed<i64>>>, differs &[
        // Only the last row to arrive is emitted.
        replaces(1, &[r#"{"k":1,"a":1,"diff":1,"time":@TIME@}"#, r#"{"k":1,"a":2,"diff":1,"time":@TIME@}"#], &[]),
        // 4 arrived, and then 3 again, which is already the row.
        replaces(2, &[r#"{"k":1,"a":3,"diff":1,"time":@TIME@}"#, r#"{"k":1,"a":4,"diff":1,"time":@TIME@}"#], &[]),
        replaces(3, &[r#"{"k":1,"a":5,"diff":1,"time":@TIME@}"#], &[r#"{"k":1,"a":3,"diff":-1,"time":@TIME@}"#]),
    ], rejects 0;
    pk_sum: |t: Table<Keyed<i64>>| reduce!(r in t => { s: sum(r.a), n: count() }), differs &[
        replaces(2, &[r#"{"s":13,"n":3,"diff":1,"time":@TIME@}"#], &[r#"{"s":12,"n":2,"diff":1,"time":@TIME@}"#]),
        replaces(3, &[r#"{"s":13,"n":3,"diff":-1,"time":@TIME@}"#, r#"{"s":15,"n":4,"diff":1,"time":@TIME@}"#], &[]),
    ], rejects 0;
    pk_json_path: same::<Table<ByPath>>, differs &[
        replaces(2, &[], &[r#"{"k":1,"a":1,"diff":-1,"time":@TIME@}"#]),
    ], rejects 0;
    pk_multi: same::<Table<TwoKeys>>, differs &[
        replaces(2, &[], &[r#"{"k1":1,"a":1,"k2":"x","diff":-1,"time":@TIME@}"#]),
    ], rejects 0;
    pk_float_key: same::<Table<Keyed<f64>>>, differs &[
        // In both crates, 0.0 and -0.0 are one key.
        replaces(2, &[], &[
            r#"{"k":0.0,"a":1,"diff":-1,"time":@TIME@}"#,
            r#"{"k":1.0,"a":2,"diff":-1,"time":@TIME@}"#,
        ]),
        Difference {
            entry: "`-0.0` is `0.0`",
            commit: 2,
            theirs: &[r#"{"k":-0.0,"a":3,"diff":1,"time":@TIME@}"#],
            ours: &[r#"{"k":0.0,"a":3,"diff":1,"time":@TIME@}"#],
        },
    ], rejects 0;
    pk_bad_value_update_false: same::<Table<Keyed<i64>>>, differs &[
        Difference {
            entry: NO_ERROR_TABLE,
            commit: 2,
            theirs: &[
                r#"{"message":"Error value encountered in output, skipping the row","diff":1,"time":@TIME@}"#,
                r#"{"message":"failed to create a field \"a\" with type int from json payload: \"x\"","diff":1,"time":@TIME@}"#,
            ],
            ours: &[],
        },
        replaces(3, &[], &[r#"{"k":1,"a":1,"diff":-1,"time":@TIME@}"#]),
    ], rejects 1;
}

const fn replaces(commit: usize, theirs: &'static [&'static str], ours: &'static [&'static str]) -> Difference {
    Difference { entry: "A primary key is an upsert", commit, theirs, ours }
}
