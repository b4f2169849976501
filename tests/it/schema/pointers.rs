//! `#[schema(path = "…")]`: columns that are read from a nested place of the document.

use pathway::Schema;
use pathway::schema::Json;

use super::support::{decode, encode};

#[derive(Schema, Debug, PartialEq)]
struct Payment {
    #[schema(path = "/payment/amount")]
    price: f64,
    #[schema(path = "/payment/card/last~1four")]
    last_four: Option<String>,
    #[schema(path = "/payment/card/~0")]
    tilde: Option<i64>,
    #[schema(path = "/id")]
    order: i64,
}

#[test]
fn several_columns_can_share_a_path_prefix() {
    let document = r#"{"payment": {"card": {"last/four": "1234", "~": 5}, "amount": 9.5}, "id": 7}"#;
    let expected = Payment { price: 9.5, last_four: Some("1234".to_owned()), tilde: Some(5), order: 7 };
    assert_eq!(decode(document), Ok(expected));
}

#[test]
fn the_last_of_two_equal_parents_counts() {
    let document = r#"{"id": 7, "payment": {"amount": 1, "card": {"~": 5}}, "payment": {"amount": 2}}"#;
    assert_eq!(decode(document), Ok(Payment { price: 2.0, last_four: None, tilde: None, order: 7 }));
    let gone = r#"{"id": 7, "payment": {"amount": 1}, "payment": 3}"#;
    let complaint = "column `price` at byte 0: expected a number (f64), found nothing at `/payment/amount`: \
                     give the column a default, or make it an Option";
    assert_eq!(decode::<Payment>(gone), Err(complaint.to_owned()));
}

#[test]
fn a_bad_nested_value_is_reported_by_its_byte() {
    let complaint = "column `price` at byte 23: expected a number (f64), found `\"x\"`";
    assert_eq!(decode::<Payment>(r#"{"payment": {"amount": "x"}, "id": 7}"#), Err(complaint.to_owned()));
}

#[test]
fn a_path_applies_to_reading_only() {
    let row = Payment { price: 1.0, last_four: None, tilde: None, order: 7 };
    assert_eq!(encode(&row), r#""price":1.0,"last_four":null,"tilde":null,"order":7,"#);
}

#[derive(Schema, Debug, PartialEq)]
struct Lines {
    #[schema(path = "/lines/0/sku")]
    first: Option<String>,
    #[schema(path = "/lines/2")]
    third: Option<Json>,
    #[schema(path = "/lines/01")]
    no_index: Option<i64>,
    #[schema(path = "/lines")]
    all: Option<Json>,
    #[schema(path = "")]
    document: Json,
}

fn json(text: &str) -> Json {
    Json::parse(text).expect("a JSON text")
}

#[test]
fn a_number_is_an_element_of_an_array_or_a_member_of_an_object() {
    let array = r#"{"lines": [{"sku": "a"}, 5, {"sku": "c"}]}"#;
    let expected = Lines {
        first: Some("a".to_owned()),
        third: Some(json(r#"{"sku":"c"}"#)),
        no_index: None,
        all: Some(json(r#"[{"sku":"a"},5,{"sku":"c"}]"#)),
        document: json(array),
    };
    assert_eq!(decode(array), Ok(expected));

    let object = r#"{"lines": {"0": {"sku": "a"}, "01": 4, "2": "c"}}"#;
    let expected = Lines {
        first: Some("a".to_owned()),
        third: Some(json(r#""c""#)),
        no_index: Some(4),
        all: Some(json(r#"{"0":{"sku":"a"},"01":4,"2":"c"}"#)),
        document: json(object),
    };
    assert_eq!(decode(object), Ok(expected));
}

#[test]
fn a_path_that_ends_early_finds_nothing() {
    let document = r#"{"lines": 5}"#;
    let expected = Lines { first: None, third: None, no_index: None, all: Some(json("5")), document: json(document) };
    assert_eq!(decode(document), Ok(expected));
    assert!(decode::<Lines>(r#"{"lines": [}"#).is_err_and(|reason| reason.contains("not JSON")));
}

#[derive(Schema, Debug, PartialEq)]
struct Pair {
    #[schema(path = "/0")]
    left: i64,
    #[schema(path = "/1")]
    right: i64,
}

#[test]
fn a_document_can_be_an_array() {
    assert_eq!(decode("[4, 5, 6]"), Ok(Pair { left: 4, right: 5 }));
    assert_eq!(decode(r#"{"1": 5, "0": 4}"#), Ok(Pair { left: 4, right: 5 }));
    assert!(decode::<Pair>("[4, 5, ]").is_err());
}

#[derive(Schema, Debug, PartialEq)]
struct Whole {
    #[schema(path = "")]
    number: i64,
}

#[derive(Schema, Debug, PartialEq)]
struct Defaults {
    #[schema(default = 1)]
    quantity: i64,
    note: Option<String>,
}

/// Columns that all have a default do not make a row of a value that has no fields.
#[test]
fn what_is_no_object_is_not_a_row_of_defaults() {
    assert_eq!(decode("{}"), Ok(Defaults { quantity: 1, note: None }));
    let complaint = |document: &str| decode::<Defaults>(document).expect_err(document);
    assert_eq!(
        complaint(r#"[{"quantity": 2},{"quantity": 3}]"#),
        "at byte 0: expected a JSON object, found the array `[{\"quantity\": 2},{\"quantity\": 3}]`: \
         read messages that hold several rows with `.json_lines()`"
    );
    for document in ["null", "true", "5", "\"text\""] {
        assert_eq!(complaint(document), format!("at byte 0: expected a JSON object, found `{document}`"));
    }
    // The syntax comes first.
    assert!(complaint("[1,").contains("not JSON"));
    assert_eq!(decode::<Pair>("5").expect_err("no array"), "at byte 0: expected a JSON object, found `5`");
}

#[test]
fn a_document_can_be_one_value() {
    assert_eq!(decode("5"), Ok(Whole { number: 5 }));
    assert!(decode::<Whole>("5 6").is_err());
}
