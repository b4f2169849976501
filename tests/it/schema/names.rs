//! The names of columns on the wire, and the description of a schema.

use pathway::Schema;
use pathway::schema::Column;

use super::support::{decode, encode};

#[derive(Schema, Debug, PartialEq)]
#[schema(rename_all = "camelCase")]
struct Names {
    placed_at: i64,
    r#type: i64,
    #[schema(rename = "a \"quoted\" näme\n")]
    odd: i64,
    #[schema(rename = "moment", path = "/time")]
    time: i64,
}

#[test]
fn names_apply_to_reading_and_writing() {
    let text = r#""placedAt":1,"type":2,"a \"quoted\" näme\n":3,"moment":4,"#;
    let row = Names { placed_at: 1, r#type: 2, odd: 3, time: 4 };
    assert_eq!(encode(&row), text);
    let document = format!("{{{}}}", text.trim_end_matches(',').replace("moment", "time"));
    assert_eq!(decode(&document), Ok(row));
}

/// One struct a rule: this tests the derive. Unit tests cover the rules.
macro_rules! renamed {
    ($($rule:literal $name:ident $expected:literal)*) => {
        $(
            #[derive(Schema)]
            #[schema(rename_all = $rule)]
            struct $name {
                unit_price: i64,
            }
            assert_eq!(encode(&$name { unit_price: 1 }), concat!("\"", $expected, "\":1,"));
        )*
    };
}

#[test]
fn every_rule_renames() {
    renamed! {
        "camelCase" Camel "unitPrice"
        "snake_case" Snake "unit_price"
        "kebab-case" Kebab "unit-price"
        "SCREAMING_SNAKE_CASE" Screaming "UNIT_PRICE"
        "PascalCase" Pascal "UnitPrice"
        "lowercase" Lower "unit_price"
        "UPPERCASE" Upper "UNIT_PRICE"
        "SCREAMING-KEBAB-CASE" ScreamingKebab "UNIT-PRICE"
    }
}

#[derive(Schema)]
struct Described {
    #[schema(primary_key, rename = "ID")]
    id: i64,
    #[schema(path = "/a/b")]
    values: Option<Vec<f64>>,
}

#[test]
fn a_schema_describes_its_columns() {
    assert_eq!(Described::NAME, "Described");
    let expected = [
        Column { name: "ID", type_name: "i64", primary_key: true, path: None },
        Column { name: "values", type_name: "Option<Vec<f64>>", primary_key: false, path: Some("/a/b") },
    ];
    assert!(Described::COLUMNS.iter().eq(&expected), "{:?}", Described::COLUMNS);
}

#[derive(Schema)]
struct NoKey {
    value: i64,
}

#[derive(Schema)]
struct OneKey {
    #[schema(primary_key)]
    id: String,
}

#[derive(Schema)]
struct TwoKeys {
    #[schema(primary_key)]
    city: String,
    total: f64,
    #[schema(primary_key)]
    day: i64,
}

#[test]
fn a_key_is_the_tuple_of_its_columns() {
    const { assert!(!NoKey::HAS_KEY && OneKey::HAS_KEY && TwoKeys::HAS_KEY) };
    let row = NoKey { value: 1 };
    let key: () = row.primary_key();
    assert_eq!((key, row.value), ((), 1));
    let key: (String,) = OneKey { id: "a".to_owned() }.primary_key();
    assert_eq!(key, ("a".to_owned(),));
    let row = TwoKeys { city: "Oslo".to_owned(), total: 1.5, day: 3 };
    let key: (String, i64) = row.primary_key();
    assert_eq!((key, row.total), (("Oslo".to_owned(), 3), 1.5));
}
