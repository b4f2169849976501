//! Plaintext, raw bytes and delimited values, read and written; headers, subjects and order from columns.

use pathway::format::{Dsv, Raw};
use pathway::prelude::*;

use super::compare::Difference;
use super::replay::{Custom, Ends, vectors};

#[derive(Schema)]
struct Text {
    s: String,
}

#[derive(Schema)]
struct Blob {
    s: Bytes,
}

#[derive(Schema)]
struct Float {
    a: f64,
}

#[derive(Schema)]
struct Number {
    a: i64,
}

#[derive(Schema)]
struct Pair<K, V> {
    k: K,
    s: V,
}

#[derive(Schema)]
struct Keyed {
    k: i64,
    a: i64,
}

#[derive(Schema)]
struct Abc<C> {
    a: i64,
    b: i64,
    c: C,
}

#[derive(Schema)]
struct Grouped {
    g: String,
    a: i64,
}

#[derive(Schema)]
struct Sorted {
    o: Option<i64>,
    s: String,
}

#[derive(Schema)]
struct AllOfDsv {
    k: i64,
    s: String,
    f: f64,
    o: Option<i64>,
    b: Bytes,
    flag: bool,
    d: DateTimeNaive,
    du: SignedDuration,
    l: Vec<i64>,
    j: Json,
}

#[derive(Schema)]
struct AllOfHeaders {
    k: i64,
    o: Option<i64>,
    s: String,
    b: Bytes,
    f: f64,
    flag: bool,
    d: DateTimeUtc,
    du: SignedDuration,
    l: Vec<i64>,
    j: Json,
}

fn lined<R: Schema>() -> Dsv<R> {
    Dsv::new().header_line(true)
}

/// A row that contains its own subject.
fn to_own_subject(ends: &Ends<'_>) {
    let subject = ends.own_subject();
    ends.output(&ends.read::<Text>(0, 1), "").subject(move |r| subject(&r.s)).json();
}

/// Pathway writes `None`, and an empty string for a duration of 0. Here the closure decides.
fn all_headers(ends: &Ends<'_>) {
    let t = ends.read::<AllOfHeaders>(0, 1);
    let write = ends.output(&t, "out").sort_by(|r| r.k).header("k", |r| r.k);
    let write = write.header("o", |r| r.o.map_or("None".to_owned(), |o| o.to_string()));
    let write = write.header("s", |r| r.s.clone()).header("b", |r| r.b.clone()).header("f", |r| r.f);
    let write = write.header("flag", |r| r.flag).header("d", |r| r.d);
    let write = write.header("du", |r| if r.du.is_zero() { String::new() } else { format!("{}ns", r.du.as_nanos()) });
    write.header("l", |r| r.l.clone()).header("j", |r| r.j.clone()).json();
}

vectors! {
    plaintext_in_json_out: Custom(|ends: &Ends<'_>| ends.output(&ends.input().plaintext(), "out").json()),
        differs &[PADDED, PADDED_BY_UNICODE], rejects 1;
    plaintext_in_plaintext_out: Custom(|ends: &Ends<'_>| ends.output(&ends.input().plaintext(), "out").plaintext());
    plaintext_invalid_utf8_false: Custom(|ends: &Ends<'_>| ends.output(&ends.input().plaintext(), "out").json()),
        rejects 1;
    raw_in_json_out: Custom(|ends: &Ends<'_>| ends.output::<Raw>(&ends.input().raw(), "out").json());
    raw_default_format: Custom(|ends: &Ends<'_>| ends.output(&ends.input().raw(), "out").json());
    out_raw: Custom(|ends: &Ends<'_>| ends.output(&ends.read::<Blob>(0, 1), "out").raw());
    out_raw_str_error: Custom(|ends: &Ends<'_>| {
        ends.output(&ends.read::<Text>(0, 1), "out").raw_of(|r| r.s.as_bytes());
    });
    out_header_plaintext: Custom(|ends: &Ends<'_>| {
        let t = ends.read::<Pair<i64, String>>(0, 1);
        ends.output(&t, "out").header("k", |r| r.k).plaintext_of(|r| &r.s);
    });
    out_header_lead_space: Custom(|ends: &Ends<'_>| {
        ends.output(&ends.read::<Text>(0, 1), "out").header("s", |r| r.s.clone()).json();
    });
    out_header_order: Custom(|ends: &Ends<'_>| {
        let t = ends.read::<Abc<i64>>(0, 1);
        let r = select!(r in t => { c: r.c, a: r.a, b: r.b });
        ends.output(&r, "out").header("c", |r| r.c).header("a", |r| r.a).json();
    });
    out_headers: Custom(all_headers);
    out_dynamic_topic_plaintext: Custom(|ends: &Ends<'_>| {
        let t = ends.read::<Pair<String, String>>(0, 1);
        let subject = ends.own_subject();
        let own = move |r: &Pair<String, String>| subject(&format!("out.out_dynamic_topic_plaintext.{}", r.s));
        ends.output(&t, "").subject(own).plaintext_of(|r| &r.k);
    });
    out_dynamic_topic_bad: Custom(to_own_subject);
    out_topic_wildcard: Custom(to_own_subject), differs &[WILDCARD, WILDCARD_OF_ALL];
    out_topic_header_sort_order: Custom(|ends: &Ends<'_>| {
        let t = ends.read::<Abc<String>>(0, 1);
        let r = select!(r in t => { c: r.c, b: r.b, a: r.a });
        let subject = ends.own_subject();
        ends.output(&r, "").subject(move |r| subject(&r.c)).header("b", |r| r.b).sort_by(|r| r.a).json();
    });
    out_sort_by: Custom(|ends: &Ends<'_>| {
        let t = ends.read::<Grouped>(0, 1);
        let r = reduce!(r in t by r.g => { g: r.g, s: sum(r.a) });
        ends.output(&r, "out").sort_by(|r| r.s).json();
    });
    out_sort_by_none: Custom(|ends: &Ends<'_>| {
        let t = ends.read::<Sorted>(0, 1);
        ends.output(&t, "out").sort_by(|r| (r.o, r.s.clone())).json();
    });
    out_dsv: Custom(|ends: &Ends<'_>| ends.output(&ends.read::<AllOfDsv>(0, 1), "out").encode(lined()));
    out_dsv_delim: Custom(|ends: &Ends<'_>| {
        let t = ends.read::<Keyed>(0, 1);
        let r = reduce!(r in t by r.k => { k: r.k, s: sum(r.a) });
        ends.output(&r, "out").encode(lined().delimiter(b'\t'));
    });
    out_dsv_nonfinite: Custom(|ends: &Ends<'_>| {
        let t = ends.read::<Float>(0, 1);
        let r = select!(r in t => {
            inf: r.a * 10.0,
            ninf: -(r.a * 10.0),
            nan: (r.a * 10.0) - (r.a * 10.0),
            ok: r.a,
            one: 1.0,
            big: 1e21,
        });
        ends.output(&r, "out").encode(lined());
    });
    out_two_writers: Custom(|ends: &Ends<'_>| {
        let t = ends.read::<Number>(0, 1);
        ends.output(&t, "out.x").json();
        ends.output(&select!(r in t => { b: r.a * 2 }), "out.y").encode(lined());
    });
}

const PADDED: Difference = Difference {
    entry: "Text is not trimmed",
    commit: 3,
    theirs: &[r#"{"data":"pad","diff":1,"time":@TIME@}"#],
    ours: &[r#"{"data":"  pad \n","diff":1,"time":@TIME@}"#],
};

const PADDED_BY_UNICODE: Difference = Difference {
    entry: "Text is not trimmed",
    commit: 5,
    theirs: &[r#"{"data":"zażółć","diff":1,"time":@TIME@}"#],
    ours: &["{\"data\":\"zażółć\u{a0}\u{2003}\",\"diff\":1,\"time\":@TIME@}"],
};

const WILDCARD: Difference = Difference {
    entry: "A wildcard is not a subject to publish to",
    commit: 1,
    theirs: &[r#"{"s":"out.out_topic_wildcard.*","diff":1,"time":@TIME@}"#],
    ours: &[],
};

const WILDCARD_OF_ALL: Difference = Difference {
    entry: "A wildcard is not a subject to publish to",
    commit: 2,
    theirs: &[r#"{"s":"out.out_topic_wildcard.>","diff":1,"time":@TIME@}"#],
    ours: &[],
};
