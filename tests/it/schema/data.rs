//! Rows are copied, ordered, hashed and serialized, with and without other derives.

use std::cmp::Ordering;
use std::hash::{BuildHasher, RandomState};

use pathway::__private::{DatumKey, DatumRef};
use pathway::schema::Datum;
use pathway::{ColumnType, Schema};

use super::support::{decode, encode};

/// Without any other derive.
#[derive(Schema)]
struct Bare {
    city: String,
    price: f64,
}

fn bare(city: &str, price: f64) -> Bare {
    Bare { city: city.to_owned(), price }
}

#[test]
fn a_row_needs_no_other_derive() {
    let row = bare("Oslo", 1.0);
    let copy = row.clone_datum();
    assert_eq!((copy.city.as_str(), copy.price), ("Oslo", 1.0));
    let ordered = [bare("Bergen", 9.0), bare("Oslo", -1.0), bare("Oslo", 0.0), bare("Oslo", f64::NAN)];
    for (at, low) in ordered.iter().enumerate() {
        for (other, high) in ordered.iter().enumerate() {
            assert_eq!(low.compare(high), at.cmp(&other));
        }
    }
    assert_eq!(bare("Oslo", 0.0).compare(&bare("Oslo", -0.0)), Ordering::Equal);
}

#[test]
fn equal_rows_hash_alike() {
    let hasher = RandomState::new();
    let hash = |row| hasher.hash_one(DatumKey(row));
    assert_eq!(hash(bare("Oslo", 0.0)), hash(bare("Oslo", -0.0)));
    assert_ne!(hash(bare("Oslo", 1.0)), hash(bare("Oslo", 2.0)));
}

#[test]
fn a_row_goes_through_serde_and_back() {
    let text = serde_json::to_string(&DatumRef(&bare("Oslo", 1.5))).expect("serializes");
    assert_eq!(text, r#"["Oslo",1.5]"#);
    let DatumKey(back): DatumKey<Bare> = serde_json::from_str(&text).expect("deserializes");
    assert_eq!(back.compare(&bare("Oslo", 1.5)), Ordering::Equal);
    let short = serde_json::from_str::<DatumKey<Bare>>(r#"["Oslo"]"#).err().map(|error| error.to_string());
    assert!(short.is_some_and(|message| message.starts_with("a row ended before its last column")));
}

/// With the common derives.
#[derive(Schema, Clone, Debug, Default, PartialEq, PartialOrd)]
struct Beside {
    value: i64,
    text: Option<String>,
}

#[test]
fn other_derives_do_not_clash() {
    let row = Beside { value: 1, text: None };
    assert_eq!(row.clone(), row.clone_datum());
    assert!(Beside::default() < row);
    assert_eq!(encode(&row), r#""value":1,"text":null,"#);
}

/// The type parameters have names that generated code could use.
#[derive(Schema, Debug, PartialEq)]
struct Generic<S, H: Clone, const D: usize = 3>
where
    H: PartialEq,
{
    document: S,
    walk: Option<H>,
    out: Vec<S>,
}

#[test]
fn a_row_can_be_generic() {
    let row: Generic<i64, String, 5> = decode(r#"{"document": 1, "walk": "x", "out": [2, 3]}"#).expect("a row");
    assert_eq!(row, Generic { document: 1, walk: Some("x".to_owned()), out: vec![2, 3] });
    assert_eq!(row.compare(&row.clone_datum()), Ordering::Equal);
    assert_eq!(encode(&row), r#""document":1,"walk":"x","out":[2,3],"#);
    assert_eq!(<Generic<i64, String>>::COLUMNS.field(1).type_name, "Option<H>");
}

/// Generated code does not use the names of the prelude, which mean something else here.
#[test]
fn the_expansion_does_not_depend_on_what_is_in_scope() {
    #[expect(dead_code, reason = "they are in the way, which is all they are for")]
    mod shadows {
        pub(super) struct Result;
        pub(super) struct Vec;
        pub(super) struct Ok;
        pub(super) struct Some;
        pub(super) trait Default {}
    }
    #[expect(unused_imports, reason = "they are in the way, which is all they are for")]
    use shadows::*;

    #[derive(pathway::Schema)]
    struct Row {
        #[schema(primary_key, default, path = "/a/0")]
        id: i64,
    }
    #[derive(pathway::ColumnType)]
    enum Unit {
        Metre,
    }
    #[derive(pathway::ColumnType)]
    struct Length(i64);

    assert_eq!(decode::<Row>("{}").map(|row| row.id), std::result::Result::Ok(0));
    assert_eq!(Unit::Metre.compare(&Unit::Metre), Ordering::Equal);
    assert_eq!(Length(5).clone_datum().0, 5);
}

#[derive(ColumnType, Debug, PartialEq)]
struct OrderId(i64);

#[derive(Schema, Debug, PartialEq)]
struct Typed {
    #[schema(primary_key)]
    id: OrderId,
    pair: (OrderId, bool),
}

#[test]
fn custom_column_types_are_columns_and_keys() {
    let row: Typed = decode(r#"{"id": 7, "pair": [8, true]}"#).expect("a row");
    assert_eq!(row, Typed { id: OrderId(7), pair: (OrderId(8), true) });
    assert_eq!(row.primary_key(), (OrderId(7),));
}
