//! Tests of the messages and offsets of decode errors.

use bytes::Bytes;
use jiff::SignedDuration;
use pathway_core::data::{Column, ColumnType, DateTimeNaive, DateTimeUtc, Json, JsonText};
use pathway_core::format::json::decode::{Slot, decode};

use crate::row::{Row, value};

/// `json` is the value of column `v`, which begins at byte 11.
fn report<T: ColumnType + std::fmt::Debug>(json: &str) -> String {
    value::<T>(json).expect_err("the value is bad").to_string()
}

#[test]
fn an_error_names_the_expected_type_and_the_value() {
    assert_eq!(report::<i64>(r#""x""#), r#"column `v` at byte 11: expected an integer (i64), found `"x"`"#);
    assert_eq!(report::<u8>("256"), "column `v` at byte 11: expected an integer (u8), found `256`");
    assert_eq!(report::<f64>("1e309"), "column `v` at byte 11: expected a number (f64), found `1e309`");
    assert_eq!(report::<f32>("1e39"), "column `v` at byte 11: expected a number (f32), found `1e39`");
    assert_eq!(report::<bool>("0"), "column `v` at byte 11: expected a boolean (bool), found `0`");
    assert_eq!(report::<Option<i64>>("1.5"), "column `v` at byte 11: expected an integer (i64) or null, found `1.5`");
    assert_eq!(
        report::<String>(r#""\ud800""#),
        r#"column `v` at byte 11: expected a string without unpaired surrogates (String), found `"\ud800"`"#
    );
    assert_eq!(report::<Json>("null"), "column `v` at byte 11: expected any value but null (Json), found `null`");
    assert_eq!(
        report::<Json>("[1e400]"),
        "column `v` at byte 11: expected any value but null (Json): number out of range, found `[1e400]`"
    );
}

#[test]
fn an_error_in_an_element_has_the_offset_of_the_element() {
    assert_eq!(report::<Vec<i64>>("[1, null]"), "column `v` at byte 15: expected an integer (i64), found `null`");
    assert_eq!(
        report::<Option<Vec<Vec<f64>>>>(r#"[[1],[2,"a"]]"#),
        r#"column `v` at byte 19: expected a number (f64), found `"a"`"#
    );
    assert_eq!(
        report::<(i64, String)>(r#"["a",1]"#),
        r#"column `v` at byte 12: expected an integer (i64), found `"a"`"#
    );
    assert_eq!(
        report::<(i64, String)>("[1]"),
        "column `v` at byte 11: expected an array of length 2: an integer (i64), a string (String), found `[1]`"
    );
    assert_eq!(
        report::<Vec<i64>>("{}"),
        "column `v` at byte 11: expected an array, each element an integer (i64), found `{}`"
    );
}

#[test]
fn a_missing_member_is_an_error_unless_the_column_is_an_option() {
    let reject = decode::<Row<i64>>(br#"{"k":1}"#).expect_err("there is no v");
    assert!(
        reject.to_string().starts_with("column `v` at byte 0: expected an integer (i64), found nothing"),
        "{reject}"
    );
    assert_eq!(decode::<Row<Option<i64>>>(br#"{"k":1}"#).map(|row| row.v), Ok(None));
}

#[test]
fn the_last_of_several_members_wins() {
    assert_eq!(decode::<Row<i64>>(br#"{"k":1,"v":"x","v":2}"#).map(|row| row.v), Ok(2));
    assert_eq!(decode::<Row<i64>>(br#"{"k":1,"\u0076":2}"#).map(|row| row.v), Ok(2));
    assert!(decode::<Row<i64>>(br#"{"k":1,"v":2,"v":"x"}"#).is_err());
}

#[test]
fn a_default_replaces_a_missing_member_only() {
    static COLUMN: Column = Column { name: "v", type_name: "i64", primary_key: false, path: None };
    let read = |text| {
        let mut slot = Slot::<i64>::new();
        slot.read(JsonText { text, offset: 0 });
        slot
    };
    assert_eq!(Slot::new().take_or(&COLUMN, || 7), Ok(7));
    assert_eq!(read("8").take_or(&COLUMN, || 7), Ok(8));
    assert!(read("null").take_or(&COLUMN, || 7).is_err());
    let mut cleared = read("null");
    cleared.clear();
    assert_eq!(cleared.take_or(&COLUMN, || 7), Ok(7));
}

#[test]
fn an_invalid_payload_is_reported_with_its_offset() {
    for (payload, expected) in [
        (&b""[..], "at byte 0: the payload is empty"),
        (b" \n", "at byte 0: the payload is empty"),
        (b"\xef\xbb\xbf{}", "at byte 0: the payload begins with a byte order mark, which JSON does not allow"),
        (b"{\"v\":\"\xff\"}", "at byte 6: the payload is not UTF-8"),
        (b"{", "at byte 1: not JSON: EOF while parsing an object"),
        (b"  {\"k\":1  ", "at byte 8: not JSON: EOF while parsing an object"),
        (b"  {\"k\":1}x", "at byte 9: not JSON: trailing characters"),
        (b"{\"k\":1,\n\"v\":NaN}", "at byte 12: not JSON: expected value"),
        (b"{'k':1}", "at byte 1: not JSON: key must be a string"),
        (b"{\"k\":007}", "at byte 6: not JSON: invalid number"),
    ] {
        let reject = decode::<Row<i64>>(payload).expect_err("the payload is bad");
        assert_eq!(reject.to_string(), expected, "{}", payload.escape_ascii());
    }
}

#[test]
fn invalid_dates_are_errors() {
    for bad in [
        "2024-02-30T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "2024-01-02T23:59:60Z",
        "2024-01-02T24:00:00Z",
        "2024-1-2T3:4:5Z",
        "+2024-01-02T03:04:05Z",
        "2024-01-02_03:04:05Z",
        "2024-01-02T03:04:Z",
        "2024-01-02T03:04:5Z",
        "2024-01-02T03:04.5Z",
        "2024-01-02T03Z",
        "2024-01-02",
        "-0001-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "2024-01-02T03:04:05.Z",
        "2024-01-02T03:04:05,1Z",
        "2024-01-02T03:04:05",
        "2024-01-02T03:04:05+0",
        "2024-01-02T03:04:05+24",
        "2024-01-02T03:04:05+2400",
        "2024-01-02T03:04:05+0060",
        "2024-01-02T03:04:05  +0000",
        "2024-01-02T03:04:05 Z",
        "２024-01-02T03:04:05Z",
        "",
    ] {
        assert!(value::<DateTimeUtc>(&format!("{bad:?}")).is_err(), "{bad}");
        assert!(
            value::<DateTimeNaive>(&format!("{:?}", bad.trim_end_matches('Z'))).is_err() || bad.len() == 19,
            "{bad}"
        );
    }
}

/// What RFC 3339 allows, and what common programs write.
#[test]
fn times_are_read_in_every_common_form() {
    let utc = |text: &str| value::<DateTimeUtc>(&format!("{text:?}"));
    for (text, same) in [
        ("2026-03-01t12:34:00z", "2026-03-01T12:34:00Z"),
        ("2026-03-01 12:34:00Z", "2026-03-01T12:34:00Z"),
        ("2026-03-01T12:34Z", "2026-03-01T12:34:00Z"),
        ("2026-03-01T12:34+01:00", "2026-03-01T11:34:00Z"),
        ("2026-03-01T12:34:56+01", "2026-03-01T11:34:56Z"),
        ("2026-03-01 12:34:56.5 -0130", "2026-03-01T14:04:56.5Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
        ("1500-06-01T00:00:00Z", "1500-06-01T00:00:00Z"),
        ("2262-04-12T00:00:00Z", "2262-04-12T00:00:00Z"),
        ("9999-12-31T03:00:00+05:30", "9999-12-30T21:30:00Z"),
        // The range of the type ends a day before the year does.
        ("9999-12-31T23:59:59.999999999Z", "9999-12-30T22:00:00.999999999Z"),
    ] {
        assert_eq!(utc(text), Ok(same.parse().expect("a time")), "{text}");
    }
    let naive = |text: &str| value::<DateTimeNaive>(&format!("{text:?}")).map(|at| at.to_string());
    for (text, same) in [
        ("2026-03-01 12:34", "2026-03-01T12:34:00"),
        ("2026-03-01t12:34:56.5", "2026-03-01T12:34:56.5"),
        ("0001-01-01T00:00:00", "0001-01-01T00:00:00"),
        ("9999-12-31T23:59:59.999999999", "9999-12-31T23:59:59.999999999"),
    ] {
        assert_eq!(naive(text), Ok(same.to_owned()), "{text}");
    }
    let at = |text: &str| utc(text).map(|at| at.as_nanosecond());
    assert_eq!(at("1970-01-01T00:00:00.1234567899Z"), Ok(123_456_789));
    assert_eq!(at("1970-01-01T01:30:00.000000001+01:30"), Ok(1));
    assert_eq!(at("1969-12-31T23:00:00 -0100"), Ok(0));
    assert_eq!(at(r"1970-01-01T00:00:00Z"), Ok(0));
    assert_eq!(value::<DateTimeUtc>(r#""1970-01-01\u005400:00:00Z""#).map(|at| at.as_nanosecond()), Ok(0));
}

#[test]
fn integers_are_read_within_the_range_of_their_type() {
    assert_eq!(value::<i8>("-128"), Ok(-128));
    assert!(value::<i8>("-129").is_err());
    assert_eq!(value::<u64>("18446744073709551615"), Ok(u64::MAX));
    assert_eq!(value::<u64>("-0"), Ok(0));
    assert!(value::<u64>("-1").is_err());
    assert!(value::<SignedDuration>("9223372036854775808").is_err());
    assert_eq!(value::<f32>("16777217"), Ok(16_777_216.0));
    assert!(value::<Bytes>(r#""aGk""#).is_err());
}
