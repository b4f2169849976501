//! Reducers that depend on arrival order, accumulators, approximate counts, and missing values.

use pathway::prelude::*;
use pathway::reducers::ReduceError;

use super::arrays::array;
use super::compare::Difference;
use super::reducers::{Keyed, alive};
use super::replay::vectors;

const ARRIVAL: &str = "`latest`, `tuple` and folds follow arrival, and support removals";
const APPROXIMATE: &str = "An approximate count can decrease";
const NO_ID: &str = "A row has no id of its own";

/// Concatenates the digits of a group, like the recorded fold.
struct Digits;

impl Accumulator for Digits {
    type Argument = i64;
    type State = i64;
    type Output = i64;

    fn add(&self, number: &mut i64, digit: i64) {
        *number = 10 * *number + digit;
    }

    fn output(&self, number: &i64) -> Result<i64, ReduceError> {
        Ok(*number)
    }
}

/// A total that cannot retract a row.
struct Total;

impl Accumulator for Total {
    type Argument = i64;
    type State = i64;
    type Output = i64;

    fn add(&self, total: &mut i64, value: i64) {
        *total += value;
    }

    fn output(&self, total: &i64) -> Result<i64, ReduceError> {
        Ok(*total)
    }
}

#[derive(Schema)]
struct Digit {
    g: String,
    v: i64,
}

#[derive(Schema)]
struct Value {
    v: i64,
}

vectors! {
    red_latest_retraction: |t: Table<Keyed<i64>>| reduce!(u in alive(t) by u.g => { g: u.g, l: latest(u.v) }), differs &[
        Difference { entry: ARRIVAL, commit: 3, theirs: &[], ours: &[r#"{"g":"b","l":5,"diff":-1,"time":@TIME@}"#] },
        Difference { entry: ARRIVAL, commit: 4, theirs: &[], ours: &[r#"{"g":"b","l":5,"diff":1,"time":@TIME@}"#] },
        Difference { entry: ARRIVAL, commit: 5, theirs: &[], ours: &[
            r#"{"g":"b","l":5,"diff":-1,"time":@TIME@}"#,
            r#"{"g":"b","l":7,"diff":1,"time":@TIME@}"#,
        ] },
        Difference { entry: ARRIVAL, commit: 6, theirs: &[], ours: &[r#"{"g":"a","l":1,"diff":-1,"time":@TIME@}"#] },
    ], rejects 0;
    red_stateful_single: |t: Table<Digit>| reduce!(d in t by d.g => { g: d.g, x: Digits(d.v) }), differs &[
        Difference {
            entry: ARRIVAL,
            commit: 1,
            theirs: &[r#"{"g":"a","x":13,"diff":1,"time":@TIME@}"#],
            ours: &[r#"{"g":"a","x":31,"diff":1,"time":@TIME@}"#],
        },
        Difference {
            entry: ARRIVAL,
            commit: 2,
            theirs: &[r#"{"g":"a","x":13,"diff":-1,"time":@TIME@}"#, r#"{"g":"a","x":137,"diff":1,"time":@TIME@}"#],
            ours: &[r#"{"g":"a","x":31,"diff":-1,"time":@TIME@}"#, r#"{"g":"a","x":317,"diff":1,"time":@TIME@}"#],
        },
        Difference {
            entry: ARRIVAL,
            commit: 3,
            theirs: &[r#"{"g":"a","x":137,"diff":-1,"time":@TIME@}"#, r#"{"g":"a","x":1373,"diff":1,"time":@TIME@}"#],
            ours: &[r#"{"g":"a","x":317,"diff":-1,"time":@TIME@}"#, r#"{"g":"a","x":3173,"diff":1,"time":@TIME@}"#],
        },
    ], rejects 0;
    red_stateful_many: |t: Table<Keyed<i64>>| reduce!(u in alive(t) by u.g => { g: u.g, x: Total(u.v) });
    red_null_tuples: |t: Table<Keyed<Option<i64>>>| reduce!(u in alive(t) by u.g => {
        g: u.g,
        st: sorted_tuple(u.v),
        sk: sorted_tuple(u.v).into_iter().flatten().collect::<Vec<i64>>(),
        tk: tuple(u.v).into_iter().flatten().collect::<Vec<i64>>(),
    });
    red_tuple_sort_by: |t: Table<Keyed<i64>>| {
        let sorted = reduce!(u in alive(t) by u.g => {
            g: u.g,
            l: sorted_tuple((u.k, u.v)).into_iter().map(|(_, v)| v).collect::<Vec<i64>>(),
        });
        select!(s in sorted => { s.g, s.l, nd: array(&s.l) })
    };
    red_null_avg: |t: Table<Keyed<Option<i64>>>| reduce!(u in alive(t) by u.g => { g: u.g, m: avg(u.v) });
    red_argmin_id: |t: Table<Keyed<i64>>| reduce!(u in alive(t) by u.g => { g: u.g, amin: arg_min(u.v, u.k) }), differs &[
        Difference {
            entry: NO_ID,
            commit: 1,
            theirs: &[
                r#"{"g":"a","amin":"^Z3QWT294JQSHPSR8KTPG9ECE4W","diff":1,"time":@TIME@}"#,
                r#"{"g":"b","amin":"^3CZ78B48PASGNT231ZECWPER90","diff":1,"time":@TIME@}"#,
            ],
            ours: &[
                r#"{"g":"a","amin":2,"diff":1,"time":@TIME@}"#,
                r#"{"g":"b","amin":3,"diff":1,"time":@TIME@}"#,
            ],
        },
        Difference {
            entry: NO_ID,
            commit: 3,
            theirs: &[
                r#"{"g":"a","amin":"^Z3QWT294JQSHPSR8KTPG9ECE4W","diff":-1,"time":@TIME@}"#,
                r#"{"g":"a","amin":"^3HN31E1PBT7YHH5PWVKTZCPRJ8","diff":1,"time":@TIME@}"#,
                r#"{"g":"b","amin":"^3CZ78B48PASGNT231ZECWPER90","diff":-1,"time":@TIME@}"#,
            ],
            ours: &[
                r#"{"g":"a","amin":2,"diff":-1,"time":@TIME@}"#,
                r#"{"g":"a","amin":4,"diff":1,"time":@TIME@}"#,
                r#"{"g":"b","amin":3,"diff":-1,"time":@TIME@}"#,
            ],
        },
        Difference {
            entry: NO_ID,
            commit: 4,
            theirs: &[r#"{"g":"b","amin":"^3CZ78B48PASGNT231ZECWPER90","diff":1,"time":@TIME@}"#],
            ours: &[r#"{"g":"b","amin":3,"diff":1,"time":@TIME@}"#],
        },
        Difference {
            entry: NO_ID,
            commit: 6,
            theirs: &[r#"{"g":"a","amin":"^3HN31E1PBT7YHH5PWVKTZCPRJ8","diff":-1,"time":@TIME@}"#],
            ours: &[r#"{"g":"a","amin":4,"diff":-1,"time":@TIME@}"#],
        },
    ], rejects 0;
    red_approx_retraction: |t: Table<Keyed<i64>>| {
        reduce!(u in alive(t) by u.g => { g: u.g, c: count_distinct_approx(u.v) })
    }, differs &[
        Difference { entry: APPROXIMATE, commit: 3, theirs: &[], ours: &[r#"{"g":"b","c":1,"diff":-1,"time":@TIME@}"#] },
        Difference { entry: APPROXIMATE, commit: 4, theirs: &[], ours: &[r#"{"g":"b","c":1,"diff":1,"time":@TIME@}"#] },
        Difference { entry: APPROXIMATE, commit: 5, theirs: &[], ours: &[
            r#"{"g":"a","c":2,"diff":-1,"time":@TIME@}"#,
            r#"{"g":"a","c":1,"diff":1,"time":@TIME@}"#,
            r#"{"g":"b","c":1,"diff":-1,"time":@TIME@}"#,
            r#"{"g":"b","c":2,"diff":1,"time":@TIME@}"#,
        ] },
        Difference { entry: APPROXIMATE, commit: 6, theirs: &[], ours: &[r#"{"g":"a","c":1,"diff":-1,"time":@TIME@}"#] },
    ], rejects 0;
    red_approx_distinct_5000: |t: Table<Value>| {
        reduce!(r in t => { c: count_distinct_approx(r.v), x: count_distinct(r.v) })
    }, differs &[
        Difference {
            entry: APPROXIMATE,
            commit: 1,
            theirs: &[r#"{"c":5017,"x":5000,"diff":1,"time":@TIME@}"#],
            ours: &[r#"{"c":4944,"x":5000,"diff":1,"time":@TIME@}"#],
        },
    ], rejects 0;
}
