//! Expressions over columns, operators, and the commits of a source.

use pathway::prelude::*;

use super::compare::Difference;
use super::errors::EXPRESSIONS;
use super::replay::{Custom, Ends, vectors};

#[derive(Schema)]
struct Update {
    s: i64,
}

#[derive(Schema)]
struct Input {
    a: i64,
}

#[derive(Schema)]
struct Optional {
    k: i64,
    o: Option<i64>,
}

#[derive(Schema)]
struct Document {
    k: i64,
    j: Json,
}

#[derive(Schema)]
struct Casts {
    k: i64,
    s: String,
    f: f64,
    b: bool,
}

#[derive(Schema)]
struct Row {
    k: i64,
    a: i64,
}

#[derive(Schema)]
struct Grouped {
    g: String,
    v: i64,
}

#[derive(Schema)]
struct Letters {
    k: i64,
    l: Vec<String>,
}

#[derive(Schema)]
struct Letter {
    l: String,
    k: i64,
}

#[derive(Schema)]
struct Named {
    k: i64,
    b: String,
}

#[derive(Schema)]
struct Keyed {
    #[schema(primary_key)]
    k: i64,
    a: i64,
}

#[derive(Schema)]
struct Timed {
    t: i64,
    v: i64,
}

vectors! {
    win_sliding: |t: Table<Timed>| reduce!(r in t window sliding(r.t, 10, 5) as w => {
        ws: w.start,
        we: w.end,
        s: sum(r.v),
    });
    win_session: |t: Table<Timed>| reduce!(r in t window session(r.t, 3) as w => {
        ws: w.start,
        we: w.end,
        s: sum(r.v),
    });
    win_cutoff_nokeep: |t: Table<Timed>| reduce!(r in t window tumbling(r.t, 10).allowed_lateness(5).remove_on_close() as w => {
        ws: w.start,
        s: sum(r.v),
    }), differs &[
        closes(3, &[], &[r#"{"ws":0,"s":1,"diff":-1,"time":@TIME@}"#]),
        closes(
            4,
            &[r#"{"ws":0,"s":1,"diff":-1,"time":@TIME@}"#],
            &[r#"{"ws":10,"s":10,"diff":-1,"time":@TIME@}"#],
        ),
        closes(5, &[r#"{"ws":10,"s":10,"diff":-1,"time":@TIME@}"#], &[]),
    ];
    op_join_left: |l: Table<Row>, q: Table<Named>| join!(l in l, q? in q on l.k == q.k => {
        k: l.k,
        a: l.a,
        b: q.map(|q| q.b.clone()),
    });
    op_join_outer: |l: Table<Row>, q: Table<Named>| join!(l? in l, q? in q on l.k == q.k => {
        k: l.map(|l| l.k).or(q.map(|q| q.k)),
        a: l.map(|l| l.a),
        b: q.map(|q| q.b.clone()),
    });
    pkdup_join: |t: Table<Keyed>| join!(l in t, r in t on l.k == r.k => { k: l.k, a: l.a, b: r.a }), differs &[
        Difference {
            entry: "A primary key is an upsert",
            commit: 2,
            theirs: &[
                r#"{"k":1,"a":1,"b":10,"diff":1,"time":@TIME@}"#,
                r#"{"k":1,"a":10,"b":1,"diff":1,"time":@TIME@}"#,
            ],
            ours: &[r#"{"k":1,"a":1,"b":1,"diff":-1,"time":@TIME@}"#],
        },
        Difference {
            entry: "A primary key is an upsert",
            commit: 3,
            theirs: &[
                r#"{"k":1,"a":1,"b":10,"diff":1,"time":@TIME@}"#,
                r#"{"k":1,"a":10,"b":1,"diff":1,"time":@TIME@}"#,
                r#"{"k":1,"a":10,"b":10,"diff":3,"time":@TIME@}"#,
            ],
            ours: &[],
        },
    ];
    op_dedup: |t: Table<Grouped>| t.deduplicate(|r| r.g.clone()).accept(|new, old| new.v >= old.v + 2);
    op_concat: |x: Table<Row>, y: Table<Row>| x.concat(&y);
    op_flatten: |t: Table<Letters>| t.flatten(|row| {
        let k = row.k;
        row.l.clone().into_iter().map(move |l| Letter { l, k })
    });
    chain_change_stream: Custom(|ends: &Ends<'_>| {
        let t = ends.input().changes::<Update>();
        ends.output(&reduce!(r in t => { total: sum(r.s) }), "out").json();
    }), differs &[CHAIN];
    commit_autocommit_500: |t: Table<Input>| reduce!(r in t => { s: sum(r.a) });
    op_null_ops: |t: Table<Optional>| select!(r in t => {
        k: r.k,
        c: r.o.unwrap_or(0),
        n: r.o.is_none(),
        ie: r.o.unwrap_or(-1),
        rq: r.o.map(|_| r.k * 10),
        eq: r.o == Some(5),
        ne: r.o != Some(5),
        fl: r.o.map(|o| o as f64),
    }), rejects 0;
    op_json_access: |t: Table<Document>| select!(r in t => {
        k: r.k,
        a: r.j["a"].as_i64(),
        c: r.j["b"]["c"][1].as_i64(),
        m: r.j.get("zz").cloned().map(Json),
        s: r.j["s"].as_str().map(str::to_owned),
        f: r.j["f"].as_f64(),
        sub: Json(r.j["b"].clone()),
        miss: r.j.get("zz").and_then(|zz| zz.as_i64()).unwrap_or(7),
    });
    op_json_as_int_missing: |t: Table<Document>| select!(r in t => { k: r.k, v: r.j["s"].as_i64() });
    op_json_as_int_wrong: |t: Table<Document>| select!(r in t => { k: r.k, v: r.j["s"].as_i64() }), differs &[
        Difference {
            entry: EXPRESSIONS,
            commit: 2,
            theirs: &[],
            ours: &[r#"{"k":2,"v":null,"diff":1,"time":@TIME@}"#],
        },
    ];
    op_casts: |t: Table<Casts>| select!(r in t => {
        k: r.k,
        si: r.s.parse::<i64>().ok(),
        sf: r.s.parse::<f64>().ok(),
        fi: r.f as i64,
        ks: r.k.to_string(),
        kf: r.k as f64,
        bs: r.b.to_string(),
        bi: i64::from(r.b),
        fs: r.f.to_string(),
        ib: r.k != 0,
        ts: r.f.to_string(),
    }), differs &[
        Difference {
            entry: EXPRESSIONS,
            commit: 1,
            theirs: &[
                r#"{"k":1,"si":12,"sf":12.0,"fi":3,"ks":"1","kf":1.0,"bs":"True","bi":1,"fs":"3.99","ib":true,"ts":"3.99","diff":1,"time":@TIME@}"#,
                r#"{"k":2,"si":-5,"sf":-5.0,"fi":-3,"ks":"2","kf":2.0,"bs":"False","bi":0,"fs":"-3.99","ib":true,"ts":"-3.99","diff":1,"time":@TIME@}"#,
            ],
            ours: &[
                r#"{"k":1,"si":12,"sf":12.0,"fi":3,"ks":"1","kf":1.0,"bs":"true","bi":1,"fs":"3.99","ib":true,"ts":"3.99","diff":1,"time":@TIME@}"#,
                r#"{"k":2,"si":-5,"sf":-5.0,"fi":-3,"ks":"2","kf":2.0,"bs":"false","bi":0,"fs":"-3.99","ib":true,"ts":"-3.99","diff":1,"time":@TIME@}"#,
            ],
        },
    ];
}

/// A window closes in the commit in which event time reaches its end, not in the next one.
const fn closes(commit: usize, theirs: &'static [&'static str], ours: &'static [&'static str]) -> Difference {
    Difference { entry: "A window closes immediately", commit, theirs, ours }
}

const CHAIN: Difference = Difference {
    entry: "A change stream can be read back",
    commit: 1,
    theirs: &[r#"{"total":12,"diff":1,"time":@TIME@}"#],
    ours: &[r#"{"total":6,"diff":1,"time":@TIME@}"#],
};
