//! Undecodable messages and errors in expressions do not affect other rows.

use pathway::prelude::*;

use super::compare::{Difference, UNCOMMITTED};
use super::replay::vectors;

#[derive(Schema)]
struct Row {
    k: i64,
    a: i64,
}

#[derive(Schema)]
struct Keyed {
    #[schema(primary_key)]
    k: i64,
    a: i64,
}

#[derive(Schema)]
struct Input {
    a: i64,
}

fn same<R>(table: R) -> R {
    table
}

vectors! {
    err_identity_terminate_true: same::<Table<Row>>, rejects 3;
    err_remove_errors: |t: Table<Row>| reduce!(r in t => { s: sum(r.a) }), differs &[
        untold(2, &[
            r#"{"message":"failed to create a field \"a\" with type int from json payload: \"x\"","diff":1,"time":@TIME@}"#,
            r#"{"message":"key must be a string at line 1 column 2","diff":1,"time":@TIME@}"#,
            r#"{"message":"field a with no JsonPointer path specified is absent in {\"k\":3}","diff":1,"time":@TIME@}"#,
        ]),
    ], rejects 3;
    err_group_key_error: |t: Table<Row>| reduce!(r in t by r.a => { a: r.a, n: count() }), differs &[
        untold(2, &[
            r#"{"message":"field a with no JsonPointer path specified is absent in {\"k\":3}","diff":1,"time":@TIME@}"#,
            r#"{"message":"Error value encountered in grouping columns, skipping the row","diff":1,"time":@TIME@}"#,
            r#"{"message":"failed to create a field \"a\" with type int from json payload: \"x\"","diff":1,"time":@TIME@}"#,
            r#"{"message":"key must be a string at line 1 column 2","diff":1,"time":@TIME@}"#,
            r#"{"message":"Error value encountered in grouping columns, skipping the row","diff":1,"time":@TIME@}"#,
        ]),
    ], rejects 3;
    err_pk_bad: same::<Table<Keyed>>, differs &[
        untold(UNCOMMITTED, &[
            r#"{"message":"error in primary key, skipping the row: failed to create a field \"k\" with type int from json payload: null","diff":1,"time":@TIME@}"#,
            r#"{"message":"error in primary key, skipping the row: failed to create a field \"k\" with type int from json payload: \"x\"","diff":1,"time":@TIME@}"#,
            r#"{"message":"error in primary key, skipping the row: field k with no JsonPointer path specified is absent in {\"a\":3}","diff":1,"time":@TIME@}"#,
        ]),
    ], rejects 3;
    err_int_overflow_sum: |t: Table<Input>| reduce!(r in t => { s: sum(r.a) }), differs &[
        Difference {
            entry: "An integer sum never wraps",
            commit: 2,
            theirs: &[r#"{"s":-9223372036854775808,"diff":1,"time":@TIME@}"#],
            ours: &[],
        },
    ], rejects 0;
    err_int_overflow_expr: |t: Table<Input>| select!(r in t => {
        x: r.a.checked_add(1),
        m: r.a.checked_mul(2),
        n: r.a.checked_neg(),
    }), differs &[
        Difference {
            entry: EXPRESSIONS,
            commit: 1,
            theirs: &[r#"{"x":-9223372036854775808,"m":-2,"n":-9223372036854775807,"diff":1,"time":@TIME@}"#],
            ours: &[r#"{"x":null,"m":null,"n":-9223372036854775807,"diff":1,"time":@TIME@}"#],
        },
    ], rejects 0;
    err_div_zero_terminate_true: |t: Table<Row>| tenths(t), differs &[
        Difference {
            entry: EXPRESSIONS,
            commit: 2,
            theirs: &[],
            ours: &[r#"{"k":2,"q":null,"diff":1,"time":@TIME@}"#],
        },
        Difference {
            entry: "No message ends the program",
            commit: 3,
            theirs: &[],
            ours: &[r#"{"k":3,"q":2,"diff":1,"time":@TIME@}"#],
        },
    ], rejects 0;
    err_div_zero_terminate_false: |t: Table<Row>| tenths(t), differs &[
        Difference {
            entry: EXPRESSIONS,
            commit: 2,
            theirs: &[
                r#"{"message":"Error value encountered in output, skipping the row","diff":1,"time":@TIME@}"#,
                r#"{"message":"division by zero","diff":1,"time":@TIME@}"#,
            ],
            ours: &[r#"{"k":2,"q":null,"diff":1,"time":@TIME@}"#],
        },
    ], rejects 0;
}

#[derive(Schema)]
struct Quotient {
    k: i64,
    q: Option<i64>,
}

fn tenths(table: Table<Row>) -> Table<Quotient> {
    select!(r in table => Quotient { k: r.k, q: 10_i64.checked_div(r.a) })
}

pub(super) const EXPRESSIONS: &str = "Expressions are Rust, and missing values are in their types";
pub(super) const NO_ERROR_TABLE: &str = "Errors are counted and logged, not a table";

/// Pathway's rows from its error table.
pub(super) const fn untold(commit: usize, theirs: &'static [&'static str]) -> Difference {
    Difference { entry: NO_ERROR_TABLE, commit, theirs, ours: &[] }
}
