//! `#[schema(flatten)]`: the columns of a nested row become columns of the outer row.

use std::cmp::Ordering;

use pathway::Schema;
use pathway::schema::Datum;

use super::support::{decode, encode};

#[derive(Schema, Debug, PartialEq)]
struct Endpoint {
    #[schema(primary_key, rename = "shopId")]
    shop: i64,
    #[schema(path = "/address/city", default = "?")]
    city: String,
}

#[derive(Schema, Debug, PartialEq)]
struct Money {
    price: f64,
    currency: Option<String>,
}

#[derive(Schema, Debug, PartialEq)]
struct Sale {
    #[schema(primary_key)]
    id: i64,
    #[schema(flatten)]
    place: Endpoint,
    note: String,
    #[schema(flatten)]
    money: Money,
}

#[derive(Schema, Debug, PartialEq)]
struct Both {
    #[schema(flatten)]
    place: Endpoint,
    #[schema(flatten)]
    money: Money,
}

/// A flattened row within a flattened row, of a generic type.
#[derive(Schema, Debug, PartialEq)]
struct Seen<R, V> {
    #[schema(flatten)]
    row: R,
    seen: V,
}

fn sale() -> Sale {
    let place = Endpoint { shop: 3, city: "Oslo".to_owned() };
    Sale { id: 1, place, note: "n".to_owned(), money: Money { price: 2.5, currency: None } }
}

const SALE: &str = r#""id":1,"shopId":3,"city":"Oslo","note":"n","price":2.5,"currency":null,"#;

#[test]
fn flattened_columns_take_the_place_of_the_field() {
    let names: Vec<_> = Sale::COLUMNS.iter().map(|column| column.name).collect();
    assert_eq!(names, ["id", "shopId", "city", "note", "price", "currency"]);
    assert_eq!(encode(&sale()), SALE);
    assert_eq!(encode(&Seen { row: sale(), seen: true }), format!("{SALE}\"seen\":true,"));
    let both = Both { place: sale().place, money: sale().money };
    assert_eq!(encode(&both), r#""shopId":3,"city":"Oslo","price":2.5,"currency":null,"#);
}

#[test]
fn a_message_fills_all_flattened_columns() {
    let json = r#"{"id": 1, "shopId": 3, "address": {"city": "Oslo"}, "note": "n", "price": 2.5}"#;
    assert_eq!(decode::<Sale>(json), Ok(sale()));
    assert_eq!(decode::<Seen<Sale, Option<bool>>>(json), Ok(Seen { row: sale(), seen: None }));
    let both: Both = decode(json).expect("a row");
    assert_eq!((both.place, both.money), (sale().place, sale().money));
}

#[test]
fn a_column_that_cannot_be_filled_is_named() {
    let error = |json| decode::<Sale>(json).unwrap_err();
    let expected = "column `shopId` at byte 21: expected an integer (i64), found `true`";
    assert_eq!(error(r#"{"id": 1, "shopId":  true, "note": "n", "price": 2.5}"#), expected);
    assert!(error(r#"{"id": 1, "shopId": 3, "note": "n"}"#).starts_with("column `price` at byte 0: expected a number"));
    assert!(error(r#"{"id": 1, "shopId": 3, "note": "n", "price": 1"#).contains("not JSON"));
}

#[test]
fn the_key_of_a_flattened_row_is_part_of_the_key() {
    const { assert!(Sale::HAS_KEY && Both::HAS_KEY && !Seen::<Money, bool>::HAS_KEY && Seen::<Sale, bool>::HAS_KEY) };
    let key: (i64, (i64,), ()) = sale().primary_key();
    assert_eq!(key, (1, (3,), ()));
    let key: ((i64, (i64,), ()),) = Seen { row: sale(), seen: true }.primary_key();
    assert_eq!(key, ((1, (3,), ()),));
}

#[test]
fn rows_are_compared_copied_and_moved_whole() {
    let row = Seen { row: sale(), seen: 1 };
    assert_eq!(row.clone_datum(), row);
    let later = Seen { row: sale(), seen: 2 };
    assert_eq!(row.compare(&later), Ordering::Less);
    let mut dearer = sale();
    dearer.money.price = 3.0;
    assert_eq!(sale().compare(&dearer), Ordering::Less);
}
