//! Enums and newtypes as columns.

use std::cmp::Ordering;

use pathway::__private::{DatumKey, DatumRef};
use pathway::schema::Datum;
use pathway::{ColumnType, Schema};

use super::support::{decode, encode};

#[derive(ColumnType, Debug, PartialEq)]
#[column(rename_all = "kebab-case")]
enum State {
    Open,
    InTransit,
    #[column(rename = "got \"it\"")]
    Delivered,
}

/// Transparent, and generic.
#[derive(ColumnType, Debug, PartialEq)]
struct Tagged<T>(T);

#[derive(Schema, Debug, PartialEq)]
struct Parcel {
    state: State,
    before: Option<State>,
    id: Tagged<i64>,
    note: Tagged<Option<String>>,
}

#[test]
fn an_enum_is_a_string_and_a_newtype_is_what_is_in_it() {
    let row = Parcel { state: State::InTransit, before: Some(State::Delivered), id: Tagged(7), note: Tagged(None) };
    let text = r#""state":"in-transit","before":"got \"it\"","id":7,"note":null,"#;
    assert_eq!(encode(&row), text);
    assert_eq!(decode(&format!("{{{}}}", text.trim_end_matches(','))), Ok(row));
}

#[test]
fn escapes_do_not_change_a_name() {
    let row: Parcel = decode(r#"{"state": "o\u0070en", "id": 7}"#).expect("a row");
    assert_eq!(row, Parcel { state: State::Open, before: None, id: Tagged(7), note: Tagged(None) });
}

#[test]
fn an_unknown_name_lists_the_known_ones() {
    for found in [r#""lost""#, r#""l\u006fst""#, "5", r#""Open""#] {
        let complaint = format!(
            "column `state` at byte 10: expected one of `\"open\"`, `\"in-transit\"`, `\"got \\\"it\\\"\"`, \
             found `{found}`"
        );
        assert_eq!(decode::<Parcel>(&format!(r#"{{"state": {found}, "id": 7}}"#)), Err(complaint));
    }
}

#[test]
fn a_newtype_reports_errors_like_its_inner_type() {
    let complaint = "column `id` at byte 24: expected an integer (i64), found `true`";
    assert_eq!(decode::<Parcel>(r#"{"state": "open", "id": true}"#), Err(complaint.to_owned()));
}

#[test]
fn variants_are_ordered_as_declared_and_survive_serde() {
    let states = [State::Open, State::InTransit, State::Delivered];
    for (at, state) in states.iter().enumerate() {
        assert_eq!(state.compare(&State::InTransit), at.cmp(&1));
        assert_eq!(state.clone_datum(), *state);
        let text = serde_json::to_string(&DatumRef(state)).expect("serializes");
        assert_eq!(text, at.to_string());
        let DatumKey(back): DatumKey<State> = serde_json::from_str(&text).expect("deserializes");
        assert_eq!(back.compare(state), Ordering::Equal);
    }
    let unknown = serde_json::from_str::<DatumKey<State>>("3").err().map(|error| error.to_string());
    assert!(unknown.is_some_and(|message| message.starts_with("there is no variant number 3")));
}
