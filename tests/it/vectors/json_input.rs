//! JSON input: the values that each column type accepts and rejects.

use pathway::prelude::*;

use super::compare::Difference;
use super::replay::vectors;

/// A numbered row with one column of a type.
#[derive(Schema)]
struct Of<V> {
    k: i64,
    v: V,
}

#[derive(Schema)]
struct Number {
    k: i64,
    a: i64,
}

#[derive(Schema)]
struct Swapped {
    b: i64,
    a: i64,
}

#[derive(Schema)]
struct Text {
    v: String,
}

#[derive(Schema)]
struct Defaults {
    k: i64,
    #[schema(default = 7)]
    i: i64,
    #[schema(default = "d")]
    s: String,
    #[schema(default)]
    o: Option<i64>,
    #[schema(default = 1.5)]
    f: f64,
    #[schema(default = true)]
    b: bool,
}

#[derive(Schema)]
struct Paths {
    k: i64,
    #[schema(path = "/x/0/y")]
    a: i64,
    #[schema(path = "/p/q", default = "dflt")]
    b: String,
    #[schema(path = "/c~1d")]
    c: Option<i64>,
    #[schema(path = "")]
    whole: Json,
    #[schema(path = "/m~0n", default = -1)]
    esc: i64,
}

fn same<R>(table: R) -> R {
    table
}

vectors! {
    json_any: same::<Table<Of<Json>>>, differs &[ANY];
    json_bool: same::<Table<Of<bool>>>;
    json_bytes: same::<Table<Of<Bytes>>>;
    json_defaults: same::<Table<Defaults>>;
    json_depth: |t: Table<Of<Json>>| select!(r in t => { k: r.k });
    json_dt_naive: same::<Table<Of<DateTimeNaive>>>, differs &[IMPOSSIBLE_DATE, TIME_FORMS];
    json_dt_utc: same::<Table<Of<DateTimeUtc>>>, differs &[ZULU];
    json_duration: same::<Table<Of<SignedDuration>>>;
    json_extra_fields: same::<Table<Swapped>>;
    json_float: same::<Table<Of<f64>>>, differs &[ZERO];
    json_int: same::<Table<Of<i64>>>, differs &[MINUS_ZERO];
    json_json: same::<Table<Of<Json>>>, differs &[JSON_ZERO];
    json_large: same::<Table<Text>>;
    json_list_int: same::<Table<Of<Vec<i64>>>>;
    json_list_nested: same::<Table<Of<Vec<Vec<f64>>>>>;
    json_malformed: same::<Table<Number>>;
    json_opt_json: same::<Table<Of<Option<Json>>>>, differs &[MISSING_JSON];
    json_paths: same::<Table<Paths>>, differs &[MISSING_PATH];
    json_str: same::<Table<Of<String>>>;
    json_tuple: same::<Table<Of<(i64, String)>>>;
}

const ANY: Difference = Difference {
    entry: "There is no `Any` column",
    commit: 1,
    theirs: &[r#"{"k":7,"v":9.223372036854776e+18,"diff":1,"time":@TIME@}"#],
    ours: &[
        r#"{"k":5,"v":[1],"diff":1,"time":@TIME@}"#,
        r#"{"k":6,"v":{"a":1},"diff":1,"time":@TIME@}"#,
        r#"{"k":7,"v":9223372036854775808,"diff":1,"time":@TIME@}"#,
    ],
};

const IMPOSSIBLE_DATE: Difference = Difference {
    entry: "An impossible date is an error",
    commit: 1,
    theirs: &[r#"{"k":10,"v":"1900-01-01T00:00:00.000000000","diff":1,"time":@TIME@}"#],
    ours: &[],
};

const TIME_FORMS: Difference = Difference {
    entry: "Times are read as RFC 3339 writes them",
    commit: 1,
    theirs: &[],
    ours: &[
        r#"{"k":6,"v":"2024-01-02T03:04:05.000000000","diff":1,"time":@TIME@}"#,
        r#"{"k":12,"v":"0001-01-01T00:00:00.000000000","diff":1,"time":@TIME@}"#,
        r#"{"k":13,"v":"2024-01-02T03:04:00.000000000","diff":1,"time":@TIME@}"#,
    ],
};

const ZULU: Difference = Difference {
    entry: "Times are read as RFC 3339 writes them",
    commit: 1,
    theirs: &[],
    ours: &[r#"{"k":2,"v":"2024-01-02T03:04:05.000000000+0000","diff":1,"time":@TIME@}"#],
};

const MINUS_ZERO: Difference = Difference {
    entry: "`-0` is an integer",
    commit: 1,
    theirs: &[],
    ours: &[r#"{"k":3,"v":0,"diff":1,"time":@TIME@}"#],
};

const ZERO: Difference = Difference {
    entry: "`-0.0` is `0.0`",
    commit: 1,
    theirs: &[r#"{"k":2,"v":-0.0,"diff":1,"time":@TIME@}"#],
    ours: &[r#"{"k":2,"v":0.0,"diff":1,"time":@TIME@}"#],
};

const JSON_ZERO: Difference = Difference {
    entry: "`-0.0` is `0.0`",
    commit: 1,
    theirs: &[r#"{"k":14,"v":-0.0,"diff":1,"time":@TIME@}"#],
    ours: &[r#"{"k":14,"v":0.0,"diff":1,"time":@TIME@}"#],
};

const MISSING_JSON: Difference = Difference {
    entry: "A missing `Option` is `None`",
    commit: 1,
    theirs: &[],
    ours: &[r#"{"k":2,"v":null,"diff":1,"time":@TIME@}"#],
};

const MISSING_PATH: Difference = Difference {
    entry: "A missing `Option` is `None`",
    commit: 1,
    theirs: &[],
    ours: &[
        r#"{"k":4,"a":8,"b":"dflt","c":null,"whole":{"k":4,"x":[{"y":8}],"p":{}},"esc":-1,"diff":1,"time":@TIME@}"#,
    ],
};
