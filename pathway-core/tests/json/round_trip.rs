//! Values are unchanged after encoding and decoding, as JSON and with serde.

use bytes::Bytes;
use jiff::SignedDuration;
use pathway_core::data::{DateTimeNaive, DateTimeUtc, Datum, DatumKey, DatumRef, Json};
use pathway_core::format::json::decode::decode;

use crate::random::{Random, Sample};
use crate::row::{Row, payload};

/// `Debug` distinguishes values that compare as equal: the zeros of a float, the order of the keys of an object.
fn check<T: Sample>(rounds: u64) {
    for seed in 0..rounds {
        let row = Row { k: seed as i64, v: T::sample(&mut Random(seed)) };
        let json = payload(&row);
        let back = decode::<Row<T>>(json.as_bytes()).unwrap_or_else(|reject| panic!("seed {seed}: {json}: {reject}"));
        assert_eq!(format!("{back:?}"), format!("{row:?}"), "seed {seed}: {json}");

        let bytes = postcard::to_stdvec(&DatumRef(&row)).expect("postcard can hold every datum");
        let back: DatumKey<Row<T>> = postcard::from_bytes(&bytes).expect("postcard reads what it wrote");
        assert_eq!(format!("{:?}", back.0), format!("{row:?}"), "seed {seed}");
        assert_eq!(format!("{:?}", row.clone_datum()), format!("{row:?}"), "seed {seed}");
    }
}

#[test]
fn scalars() {
    check::<bool>(10);
    check::<i8>(1_000);
    check::<i16>(1_000);
    check::<i32>(1_000);
    check::<i64>(10_000);
    check::<u8>(1_000);
    check::<u16>(1_000);
    check::<u32>(1_000);
    check::<u64>(10_000);
    check::<f32>(20_000);
    check::<f64>(20_000);
}

#[test]
fn text_and_time() {
    check::<String>(10_000);
    check::<Bytes>(3_000);
    check::<Json>(10_000);
    check::<DateTimeUtc>(10_000);
    check::<DateTimeNaive>(10_000);
    check::<SignedDuration>(3_000);
}

#[test]
fn containers() {
    check::<Option<i64>>(1_000);
    check::<Option<Json>>(1_000);
    check::<Vec<u8>>(1_000);
    check::<Vec<Option<String>>>(1_000);
    check::<Vec<Vec<f64>>>(1_000);
    check::<(i64,)>(1_000);
    check::<(i64, String)>(1_000);
    check::<Option<Vec<(bool, Vec<DateTimeUtc>, Option<Bytes>)>>>(1_000);
    check::<(bool, i8, i16, i32, i64, u8, u16, u32, u64, f32, f64, String)>(1_000);
}

#[test]
fn a_list_of_bytes_is_a_list_and_bytes_are_base64() {
    assert_eq!(payload(&Row { k: 0, v: vec![104u8, 105] }), r#"{"k":0,"v":[104,105],"diff":1,"time":0}"#);
    assert_eq!(payload(&Row { k: 0, v: Bytes::from("hi") }), r#"{"k":0,"v":"aGk=","diff":1,"time":0}"#);
}

#[test]
fn floats_that_json_cannot_represent_are_null() {
    let row = Row { k: 0, v: (f64::NAN, f64::INFINITY, f32::NEG_INFINITY) };
    assert_eq!(payload(&row), r#"{"k":0,"v":[null,null,null],"diff":1,"time":0}"#);
}

#[test]
fn durations_and_years_outside_the_decoded_range_are_encoded() {
    let row = Row { k: 0, v: (SignedDuration::MAX, DateTimeNaive::MIN) };
    assert_eq!(
        payload(&row),
        r#"{"k":0,"v":[9223372036854775807999999999,"-9999-01-01T00:00:00.000000000"],"diff":1,"time":0}"#
    );
}

#[test]
fn extreme_values_of_diff_and_time_are_encoded() {
    let mut out = Vec::new();
    pathway_core::format::json::encode::encode(&Row { k: 1, v: true }, i64::MIN, u64::MAX, &mut out);
    assert_eq!(out, br#"{"k":1,"v":true,"diff":-9223372036854775808,"time":18446744073709551615}"#);
}
