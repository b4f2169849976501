//! No payload makes the decoder panic, overflow the stack or report an offset outside the payload.

use bytes::Bytes;
use jiff::SignedDuration;
use pathway_core::data::{ColumnType, DateTimeNaive, DateTimeUtc, Json};
use pathway_core::format::json::decode::decode;

use crate::random::{Random, Sample};
use crate::row::{Row, payload, value};

/// Documents to damage.
pub(crate) fn seeds() -> [&'static str; 9] {
    [
        r#"{"k": 1, "v": 123}"#,
        r#"{"k":-0,"v":[1, 2.5e-3, [null], {"a": "b"}]}"#,
        r#"{"k":18446744073709551616,"v":"q\" \\ \/ \n \u0001 \ud83d\ude00 zażółć 😀"}"#,
        r#"{"v":"2024-01-02T03:04:05.123456789+01:00","k":0}"#,
        r#"{"k":7,"v":"aGk=","v":true,"x":{"y":[{}],"z":false}}"#,
        r#"[{"k":1},"v",-1.5E+10,[],null]"#,
        r#"{"k":1,"v":{"$serde_json::private::RawValue":"[1]"}}"#,
        "\u{a0}\n {\t\"k\" :\r1 , \"v\": [ 1 , \"a\" ] }\u{2003}",
        "\"text\"",
    ]
}

/// Changes a few bytes.
pub(crate) fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    const PIECES: [&[u8]; 24] = [
        b"\"",
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"-",
        b"0",
        b"9",
        b".",
        b"e",
        b" ",
        b"\n",
        b"\0",
        b"\xff",
        b"u",
        b"\\ud800",
        b"null",
        b"true",
        b"1e999",
        b"\"v\":",
        b"\xf0\x9f\x98\x80",
    ];
    let at = random.below(bytes.len() + 1);
    let end = (at + random.below(3)).min(bytes.len());
    match random.below(4) {
        0 => drop(bytes.drain(at..end)),
        1 => bytes.truncate(at),
        2 => drop(bytes.splice(at..end, random.pick(&PIECES).iter().copied())),
        _ => {
            let piece: Vec<u8> = bytes[at..].iter().copied().take(random.below(20)).collect();
            bytes.splice(at..at, piece);
        }
    }
}

fn decode_as<T: ColumnType>(bytes: &[u8], seed: u64) {
    match decode::<Row<T>>(bytes) {
        // What was decoded can be encoded and decoded again.
        Ok(row) => {
            let json = payload(&row);
            assert!(decode::<Row<T>>(json.as_bytes()).is_ok(), "seed {seed}: {} became {json}", bytes.escape_ascii());
        }
        Err(reject) => {
            assert!(
                reject.offset.is_some_and(|offset| offset <= bytes.len()),
                "seed {seed}: {}: {reject}",
                bytes.escape_ascii()
            );
            assert!(reject.to_string().len() < 400, "seed {seed}: {reject}");
        }
    }
}

fn decode_as_everything(bytes: &[u8], seed: u64) {
    decode_as::<bool>(bytes, seed);
    decode_as::<i64>(bytes, seed);
    decode_as::<u8>(bytes, seed);
    decode_as::<f64>(bytes, seed);
    decode_as::<f32>(bytes, seed);
    decode_as::<String>(bytes, seed);
    decode_as::<Bytes>(bytes, seed);
    decode_as::<Json>(bytes, seed);
    decode_as::<DateTimeUtc>(bytes, seed);
    decode_as::<DateTimeNaive>(bytes, seed);
    decode_as::<SignedDuration>(bytes, seed);
    decode_as::<Option<Vec<(i64, String)>>>(bytes, seed);
    decode_as::<Vec<Json>>(bytes, seed);
}

#[test]
fn damaged_documents() {
    for seed in 0..20_000 {
        let random = &mut Random(seed);
        let mut bytes = random.pick(&seeds()).as_bytes().to_vec();
        for _ in 0..=random.below(4) {
            mutate(&mut bytes, random);
        }
        decode_as_everything(&bytes, seed);
    }
}

#[test]
fn damaged_values() {
    fn check<T: Sample>(rounds: u64) {
        for seed in 0..rounds {
            let random = &mut Random(seed);
            let mut bytes = payload(&Row { k: 0, v: T::sample(random) }).into_bytes();
            mutate(&mut bytes, random);
            decode_as::<T>(&bytes, seed);
        }
    }
    check::<DateTimeUtc>(10_000);
    check::<DateTimeNaive>(10_000);
    check::<String>(10_000);
    check::<Bytes>(10_000);
    check::<Json>(10_000);
    check::<Vec<(f64, Option<i8>)>>(10_000);
}

#[test]
fn arbitrary_bytes() {
    for seed in 0..5_000 {
        let random = &mut Random(seed);
        let bytes: Vec<u8> = (0..random.below(40)).map(|_| random.bits() as u8).collect();
        decode_as_everything(&bytes, seed);
    }
}

/// 100,000 brackets; the stack of a test thread has 2 MiB.
#[test]
fn deep_documents() {
    for opening in ["[", "{\"a\":", "[{\"v\":[", "{\"v\":"] {
        for prefix in ["", "{\"v\":", "{\"k\":1,\"v\":", "{\"x\":"] {
            let deep = format!("{prefix}{}", opening.repeat(100_000 / opening.len()));
            decode_as_everything(deep.as_bytes(), 0);
        }
    }
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(value::<Json>(&nested(126)).is_ok());
    assert!(value::<Json>(&nested(127)).is_err());
    assert!(value::<Json>(&nested(500_000)).is_err());
    assert!(decode::<Row<i64>>(format!("{{\"k\":1,\"v\":2,\"x\":{}}}", nested(500_000)).as_bytes()).is_ok());
}

/// serde_json reads an object with this key as the text in it. Here it is an object like any other.
#[test]
fn private_names_of_serde_json_are_ordinary_keys() {
    let text = r#"{"$serde_json::private::RawValue":"null","$serde_json::private::Number":"1"}"#;
    let json = value::<Json>(text).expect("it is an object");
    assert_eq!(json.to_string(), text);

    let mut inner = "1".to_owned();
    for _ in 0..8 {
        let quoted = serde_json::to_string(&inner).expect("text can be quoted");
        inner = format!("{}{{\"$serde_json::private::RawValue\":{quoted}}}{}", "[".repeat(100), "]".repeat(100));
    }
    assert_eq!(value::<Json>(&inner).expect("it is 101 deep").to_string(), inner);
}
