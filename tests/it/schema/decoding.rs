//! Documents are decoded into rows: fields, defaults, errors.

use pathway::Schema;

use super::support::{decode, encode};

#[derive(Schema, Debug, PartialEq)]
struct Order {
    id: i64,
    city: String,
    #[schema(default = 1)]
    quantity: i64,
    note: Option<String>,
}

fn order(id: i64, city: &str, quantity: i64, note: Option<&str>) -> Order {
    Order { id, city: city.to_owned(), quantity, note: note.map(str::to_owned) }
}

#[test]
fn fields_can_be_in_any_order_and_unknown_ones_are_ignored() {
    let cases = [
        (r#"{"id": 7, "city": "Oslo", "quantity": 3, "note": "now"}"#, order(7, "Oslo", 3, Some("now"))),
        (r#"{"note":null,"city":"Oslo","x":{"id":9},"id":7}"#, order(7, "Oslo", 1, None)),
        (r#"{"id":1,"id":7,"c\u0069ty":"Oslo"}"#, order(7, "Oslo", 1, None)),
        (r#"{"id":"bad","id":7,"city":"Oslo"}"#, order(7, "Oslo", 1, None)),
    ];
    for (document, expected) in cases {
        assert_eq!(decode::<Order>(document), Ok(expected), "{document}");
    }
}

#[test]
fn an_error_names_the_column_and_the_place() {
    let cases = [
        (
            r#"{"id": 7}"#,
            "column `city` at byte 0: expected a string (String), found nothing: \
             give the column a default, or make it an Option",
        ),
        (r#"{"id": "7", "city": ""}"#, "column `id` at byte 7: expected an integer (i64), found `\"7\"`"),
        (
            r#"{"id": 7, "city": "", "quantity": null}"#,
            "column `quantity` at byte 34: expected an integer (i64), found `null`",
        ),
    ];
    for (document, expected) in cases {
        assert_eq!(decode::<Order>(document), Err(expected.to_owned()));
    }
    let broken = decode::<Order>(r#"{"id": 7, "city": "#).expect_err("half a document");
    assert!(broken.starts_with("at byte 18: not JSON"), "{broken}");
}

#[test]
fn columns_are_written_in_order_each_with_a_comma() {
    assert_eq!(encode(&order(7, "O\"slo", 3, None)), r#""id":7,"city":"O\"slo","quantity":3,"note":null,"#);
}

#[derive(Schema, Debug, PartialEq)]
struct Defaults {
    #[schema(default)]
    count: i64,
    #[schema(default = "somewhere")]
    city: String,
    #[schema(default = "nothing")]
    note: Option<String>,
    #[schema(default = Self::PRICE * 2.0)]
    price: f64,
    #[schema(default = vec![1, 2])]
    sizes: Vec<i64>,
    #[schema(default = String::from("text"))]
    text: String,
    #[schema(default, path = "/deep/down")]
    deep: bool,
}

impl Defaults {
    const PRICE: f64 = 1.5;
}

#[test]
fn defaults_fill_what_is_missing() {
    let expected = Defaults {
        count: 0,
        city: "somewhere".to_owned(),
        note: Some("nothing".to_owned()),
        price: 3.0,
        sizes: vec![1, 2],
        text: "text".to_owned(),
        deep: false,
    };
    assert_eq!(decode("{}"), Ok(expected));
}

#[test]
fn a_default_does_not_replace_a_wrong_value() {
    let wrong = decode::<Defaults>(r#"{"city": 5}"#);
    assert_eq!(wrong, Err("column `city` at byte 9: expected a string (String), found `5`".to_owned()));
    let null = decode::<Defaults>(r#"{"count": null}"#);
    assert_eq!(null, Err("column `count` at byte 10: expected an integer (i64), found `null`".to_owned()));
    assert_eq!(decode::<Defaults>(r#"{"note": null}"#).map(|row| row.note), Ok(None));
}

#[derive(Schema, Debug)]
struct Floats {
    #[schema(path = "")]
    all: Vec<f64>,
}

/// Equal values have one spelling, so that it does not matter which of them came first.
#[test]
fn both_zeros_are_read_and_written_alike() {
    let read: Floats = decode("[-0.0, 0.0, -0, -1e-400]").expect("a row");
    assert!(read.all.iter().all(|zero| zero.to_bits() == 0), "{read:?}");
    assert_eq!(encode(&Floats { all: vec![-0.0, 0.0] }), r#""all":[0.0,0.0],"#);
    let json = pathway::schema::Json::parse("[-0.0,{\"a\":-0e5}]").expect("a JSON text");
    assert_eq!(json.to_string(), r#"[0.0,{"a":0.0}]"#);
}

#[derive(Schema, Debug)]
struct Keyed {
    #[schema(primary_key)]
    id: i64,
}

/// An `Option` in a key does not compile, so it is not offered.
#[test]
fn a_missing_primary_key_has_a_cure_that_compiles() {
    assert_eq!(
        decode::<Keyed>("{}").expect_err("no key"),
        "column `id` at byte 0: expected an integer (i64), found nothing: \
         every message needs its primary key, or give the column a default"
    );
}
