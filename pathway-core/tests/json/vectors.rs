//! Recorded runs of Pathway: the same payloads give the same rows, except for intended differences.

use bytes::Bytes;
use jiff::SignedDuration;
use pathway_core::data::{ColumnType, DateTimeNaive, DateTimeUtc, Json};
use pathway_core::format::json::decode::decode;
use serde_json::Value;

use crate::row::{Row, payload};

/// One recorded run.
struct Run(Value);

impl Run {
    fn open(name: &str) -> Run {
        let path = format!("{}/../tests/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        Run(serde_json::from_str(&text).expect("a recorded run is JSON"))
    }

    /// What was published to Pathway.
    fn payloads(&self) -> Vec<Vec<u8>> {
        let steps = self.0["steps"].as_array().expect("a run has steps");
        steps.iter().filter_map(|step| bytes_of(&step["publish"])).collect()
    }

    /// What Pathway published, with `time` set to 0.
    fn observed(&self) -> Vec<String> {
        let observed = self.0["observed"].as_array().expect("a run has observations");
        let text = |message: &Value| message["payload_utf8"].as_str().map(|text| text.replace("@TIME@", "0"));
        observed.iter().filter_map(text).collect()
    }
}

fn bytes_of(message: &Value) -> Option<Vec<u8>> {
    if let Some(text) = message["payload_utf8"].as_str() {
        return Some(text.as_bytes().to_vec());
    }
    let base64 = format!("{}", message.get("payload_b64")?);
    Some(crate::row::value::<Bytes>(&base64).expect("a recorded payload is base64").to_vec())
}

/// Replays a run. `more` are rows that Pathway rejects and we write; `fewer` are rows that Pathway writes and we reject.
fn check<T: ColumnType>(name: &str, more: &[&str], fewer: &[&str]) {
    let run = Run::open(name);
    let rows = run.payloads().into_iter().filter_map(|bytes| decode::<Row<T>>(&bytes).ok()).map(|row| payload(&row));
    let mut ours: Vec<String> = rows.collect();

    let mut expected = run.observed();
    expected.retain(|row| !fewer.iter().any(|fewer| row.starts_with(fewer)));
    expected.extend(more.iter().map(|row| (*row).to_owned()));

    ours.sort();
    expected.sort();
    assert_eq!(ours, expected, "{name}");
}

#[test]
fn json_bool() {
    check::<bool>("json_bool", &[], &[]);
}

#[test]
fn json_int() {
    // -0 is an integer.
    check::<i64>("json_int", &[r#"{"k":3,"v":0,"diff":1,"time":0}"#], &[]);
}

#[test]
fn json_float() {
    // -0.0 is 0.0.
    check::<f64>("json_float", &[r#"{"k":2,"v":0.0,"diff":1,"time":0}"#], &[r#"{"k":2,"#]);
}

#[test]
fn json_str() {
    check::<String>("json_str", &[], &[]);
}

#[test]
fn json_bytes() {
    check::<Bytes>("json_bytes", &[], &[]);
}

#[test]
fn json_dt_naive() {
    // A space for the `T`, the year 1, and no seconds. February has no 30th.
    let more = [
        r#"{"k":6,"v":"2024-01-02T03:04:05.000000000","diff":1,"time":0}"#,
        r#"{"k":12,"v":"0001-01-01T00:00:00.000000000","diff":1,"time":0}"#,
        r#"{"k":13,"v":"2024-01-02T03:04:00.000000000","diff":1,"time":0}"#,
    ];
    check::<DateTimeNaive>("json_dt_naive", &more, &[r#"{"k":10,"#]);
}

#[test]
fn json_dt_utc() {
    // Z is an offset.
    check::<DateTimeUtc>(
        "json_dt_utc",
        &[r#"{"k":2,"v":"2024-01-02T03:04:05.000000000+0000","diff":1,"time":0}"#],
        &[],
    );
}

#[test]
fn json_duration() {
    check::<SignedDuration>("json_duration", &[], &[]);
}

#[test]
fn json_lists_and_tuples() {
    check::<Vec<i64>>("json_list_int", &[], &[]);
    check::<Vec<Vec<f64>>>("json_list_nested", &[], &[]);
    check::<(i64, String)>("json_tuple", &[], &[]);
}

#[test]
fn json_any_value() {
    // -0.0 is 0.0.
    check::<Json>("json_json", &[r#"{"k":14,"v":0.0,"diff":1,"time":0}"#], &[r#"{"k":14,"#]);
    // A missing Option is None.
    check::<Option<Json>>("json_opt_json", &[r#"{"k":2,"v":null,"diff":1,"time":0}"#], &[]);
}

/// This run writes column `k` only.
#[test]
fn json_depth() {
    let run = Run::open("json_depth");
    let rows = run.payloads().into_iter().filter_map(|bytes| decode::<Row<Json>>(&bytes).ok());
    let ours: Vec<String> = rows.map(|row| format!(r#"{{"k":{},"diff":1,"time":0}}"#, row.k)).collect();
    assert_eq!(ours, run.observed());
}

/// The columns of this run are `k` and `a`.
#[test]
fn json_malformed() {
    let run = Run::open("json_malformed");
    let renamed = run.payloads().into_iter().map(|bytes| {
        let split: Vec<&[u8]> = bytes.split(|byte| *byte == b'a').collect();
        split.join(&b'v')
    });
    let rows = renamed.filter_map(|bytes| decode::<Row<i64>>(&bytes).ok());
    let ours: Vec<String> = rows.map(|row| payload(&row).replace('v', "a")).collect();
    assert_eq!(ours, run.observed());
}
