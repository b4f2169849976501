//! Columns of every type, and what is refused.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::*;
use crate::data::{
    ColumnDefault, ColumnType, DateTimeNaive, DateTimeUtc, Datum, DatumKey, HashesOf, Json, KeptRows, layout_of,
};

fn layout<T: Datum>() -> Layout {
    layout_of("T", |reader| <DatumKey<T> as Deserialize>::deserialize(reader))
}

fn bytes<T: Datum>(value: T) -> Vec<u8> {
    postcard::to_stdvec(&DatumKey(value)).expect("bytes")
}

fn column(name: &str, layout: Layout) -> RowColumn {
    RowColumn { name: name.to_owned(), type_name: layout.to_string(), layout, default: None }
}

fn row(columns: &[(&str, Layout)]) -> Layout {
    Layout::Row(columns.iter().map(|(name, layout)| column(name, layout.clone())).collect())
}

fn apply(old: &Layout, new: &Layout, piece: &[u8]) -> Vec<u8> {
    let migration = Migration::new(old, new, KeptRows::Unordered).expect("a migration").expect("a change");
    let whole = migration.apply(piece).expect("a piece");
    assert!(piece.is_empty() || migration.apply(&piece[..piece.len() - 1]).is_err(), "cut");
    whole
}

/// A column of a type is left out, moved, copied, added with `None`, and added with a default.
fn check<T: ColumnType>(values: impl IntoIterator<Item = T>) {
    let [a, x, b] = [("a", layout::<i64>()), ("x", layout::<T>()), ("b", layout::<String>())];
    for value in values {
        let [a_bytes, x_bytes, b_bytes] = [bytes(-300_i64), bytes(value.clone_datum()), bytes("text".to_owned())];
        let concat = |parts: &[&[u8]]| parts.concat();
        let old = row(&[a.clone(), x.clone(), b.clone()]);
        let piece = concat(&[&a_bytes, &x_bytes, &b_bytes]);
        let two = [piece.as_slice(), &piece].concat();
        assert_eq!(Migration::new(&old, &old, KeptRows::Unordered), Ok(None));
        let removed = concat(&[&a_bytes, &b_bytes]);
        assert_eq!(apply(&old, &row(&[a.clone(), b.clone()]), &two), [removed.as_slice(), &removed].concat());
        let moved = row(&[x.clone(), b.clone(), a.clone()]);
        assert_eq!(apply(&old, &moved, &piece), concat(&[&x_bytes, &b_bytes, &a_bytes]));
        let added = row(&[a.clone(), x.clone(), b.clone(), ("y", layout::<Option<T>>())]);
        assert_eq!(apply(&old, &added, &piece), concat(&[&piece, &bytes(None::<T>)]));
        let default = ColumnDefault::new(value.clone_datum());
        let with_default = RowColumn { default, ..column("y", layout::<T>()) };
        let Layout::Row(mut columns) = old.clone() else { panic!("a row") };
        columns.insert(0, with_default);
        assert_eq!(apply(&old, &Layout::Row(columns), &piece), concat(&[&x_bytes, &piece]));
        let changed = row(&[a.clone(), ("x", layout::<(T, T)>()), b.clone()]);
        let error = Migration::new(&old, &changed, KeptRows::Unordered).expect_err("another type");
        assert!(error.starts_with("the column `x` is "), "{error}");
    }
}

#[test]
fn columns_of_every_type_come_and_go() {
    check([false, true]);
    check([i8::MIN, 0, i8::MAX]);
    check([i16::MIN, 0, i16::MAX]);
    check([i32::MIN, 0, i32::MAX]);
    check([i64::MIN, 0, i64::MAX]);
    check([0, u8::MAX]);
    check([0, u16::MAX]);
    check([0, u32::MAX]);
    check([0, u64::MAX]);
    check([0.5_f32, f32::NAN]);
    check([0.5_f64, -0.0]);
    check(["", "a", &"long".repeat(100)].map(str::to_owned));
    check([Bytes::new(), Bytes::from(vec![7; 300])]);
    check([r#"{"a": [1, null, "x"]}"#, "0.5"].map(|text| Json(serde_json::from_str(text).expect("JSON"))));
    check(["1969-01-02T03:04:05.5Z".parse::<DateTimeUtc>().expect("a time"), DateTimeUtc::MAX]);
    check(["2024-01-02T03:04:05".parse::<DateTimeNaive>().expect("a time"), DateTimeNaive::MIN]);
    check([SignedDuration::ZERO, SignedDuration::MIN, SignedDuration::MAX]);
    check([None, Some(5_i64)]);
    check([vec![], vec![Some("a".to_owned()), None], vec![None; 200]]);
    check([(1_i64, "b".to_owned(), vec![(true, 2_u8)])]);
}

/// A state with rows inside of maps, options and enums, as operators have it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum State<R> {
    Empty,
    Rows { by_time: BTreeMap<i64, Vec<(R, i64)>>, last: Option<R> },
}

#[test]
fn rows_within_states_are_found() {
    let state = |row: &Layout| {
        let list = Layout::Seq(Layout::Tuple(vec![row.clone(), layout::<i64>()]).into());
        let map = Layout::Map(layout::<i64>().into(), list.into());
        let fields = Layout::Tuple(vec![map, Layout::Option(row.clone().into())]);
        let value = Layout::Variants(vec![Layout::Scalar(Scalar::Unit), fields]);
        Layout::Entry(layout::<String>().into(), Layout::Option(value.into()).into())
    };
    let old = row(&[("a", layout::<i64>()), ("b", layout::<String>())]);
    let new = row(&[("b", layout::<String>()), ("c", layout::<Option<bool>>())]);
    let traced = layout_of("State", |reader| State::<DatumKey<(i64, String)>>::deserialize(reader));
    let pair = Layout::Tuple(vec![layout::<i64>(), layout::<String>()]);
    let Layout::Entry(_, of_pairs) = state(&pair) else { panic!("an entry") };
    assert_eq!(Layout::Option(traced.into()), *of_pairs);

    let old_row = |number: i64| (number, format!("row {number}"));
    let new_row = |number: i64| (format!("row {number}"), None::<bool>);
    let entries = |key: &str, value: Option<Vec<u8>>| {
        let mut entry = postcard::to_stdvec(&(key, value.is_some())).expect("bytes");
        entry.extend(value.unwrap_or_default());
        entry
    };
    fn states<R: Serialize + Clone>(row: impl Fn(i64) -> R) -> [Option<Vec<u8>>; 3] {
        let by_time = BTreeMap::from([(1, vec![(row(1), 2), (row(200), 1)]), (-2, vec![])]);
        let full = State::Rows { by_time, last: Some(row(3)) };
        let bytes = |state: &State<R>| postcard::to_stdvec(state).expect("bytes");
        [Some(bytes(&full)), None, Some(bytes(&State::Empty))]
    }
    let piece = |states: [Option<Vec<u8>>; 3]| states.map(|state| entries("key", state)).concat();
    assert_eq!(apply(&state(&old), &state(&new), &piece(states(old_row))), piece(states(new_row)));
}

#[test]
fn what_cannot_be_migrated_is_refused_with_the_reason() {
    let [a, b] = [("a", layout::<i64>()), ("b", layout::<String>())];
    let old = row(&[a.clone(), b.clone()]);
    let refused = |old: &Layout, new: &Layout, rows, expected: &str| {
        let error = Migration::new(old, new, rows).expect_err(expected);
        assert!(error.contains(expected), "{error}");
    };
    let added = row(&[a.clone(), b.clone(), ("c", layout::<f64>())]);
    refused(&old, &added, KeptRows::Unordered, "the column `c` (f64) is new, and has no default");
    refused(
        &old,
        &row(&[("a", layout::<f64>()), b.clone()]),
        KeptRows::Unordered,
        "the column `a` is `f64`, and was `i64`",
    );
    refused(&old, &row(std::slice::from_ref(&a)), KeptRows::None, "its state has rows with the columns `{a: i64}`");
    let by = |key: Layout| Layout::Entry(key.into(), layout::<i64>().into());
    refused(&by(layout::<String>()), &by(layout::<i64>()), KeptRows::Unordered, "its key is `i64`, and was `String`");
    refused(
        &by(old.clone()),
        &by(row(std::slice::from_ref(&a))),
        KeptRows::Unordered,
        "its key is a row without the column `b`",
    );
    let with_option = row(&[a.clone(), b.clone(), ("c", layout::<Option<f64>>())]);
    assert!(Migration::new(&by(old.clone()), &by(with_option), KeptRows::Unordered).expect("a migration").is_some());
    refused(
        &Layout::Opaque("Sketch".to_owned()),
        &Layout::Opaque("Other".to_owned()),
        KeptRows::Unordered,
        "is `Other`",
    );
}

#[test]
fn variants_of_an_enum_are_found_by_name() {
    let of = |names: &[&str]| Layout::Enum(names.iter().map(|name| (*name).to_owned()).collect());
    let old = of(&["open", "closed"]);
    assert_eq!(
        Migration::new(&old, &of(&["open", "closed", "lost"]), KeptRows::None),
        Ok(None),
        "the numbers are the same"
    );
    let migration = Migration::new(&old, &of(&["lost", "closed", "open"]), KeptRows::Unordered)
        .expect("a migration")
        .expect("a change");
    assert_eq!(migration.apply(&[0, 1, 0]), Ok(vec![2, 1, 2]));
    assert!(migration.apply(&[2]).is_err(), "there is no such variant");
    assert!(
        Migration::new(&old, &of(&["lost", "closed", "open"]), KeptRows::None).is_err(),
        "a state that depends on their order"
    );
    assert!(Migration::new(&old, &of(&["open"]), KeptRows::Unordered).is_err());
}

#[test]
fn rows_that_are_told_apart_by_hashes_get_columns_but_lose_none() {
    let identified = |columns: &[(&str, Layout)]| Layout::identified(row(columns), layout::<i64>());
    let [a, b] = [("a", layout::<i64>()), ("b", layout::<String>())];
    let old = identified(&[a.clone(), b.clone()]);
    let more = identified(&[("c", layout::<Option<i64>>()), b.clone(), a.clone()]);
    assert_eq!(Migration::new(&old, &more, KeptRows::Unordered), Ok(None));
    let error = Migration::new(&more, &old, KeptRows::Unordered).expect_err("a column is gone");
    assert!(error.starts_with("its input is a row without the column `c`"), "{error}");
    let no_default = identified(&[a.clone(), b.clone(), ("c", layout::<i64>())]);
    let error = Migration::new(&old, &no_default, KeptRows::Unordered).expect_err("no default");
    assert!(error.starts_with("the column `c` (i64) is new"), "{error}");
    let wider = identified(&[("a", layout::<Option<i64>>()), b]);
    let error = Migration::new(&old, &wider, KeptRows::Unordered).expect_err("another type");
    assert!(error.starts_with("the column `a` is "), "{error}");
    // A default has no part in the hashes.
    let with_default = |default: Option<i64>| {
        let default = default.and_then(ColumnDefault::new);
        Layout::identified(Layout::Row(vec![RowColumn { default, ..column("a", layout::<i64>()) }]), layout::<i64>())
    };
    let states = [None, Some(3), Some(4)].map(with_default);
    for (old, new) in states.iter().flat_map(|old| states.iter().map(move |new| (old, new))) {
        let migrated = Migration::new(old, new, KeptRows::Unordered);
        assert_eq!(migrated.is_ok(), old == new, "{migrated:?}");
        assert!(migrated.is_ok_and(|it| it.is_none()) || old != new);
    }
}

#[test]
fn values_that_are_sorted_keep_their_order() {
    let sorted = |columns: &[(&str, Layout)]| Layout::Sorted(Layout::Seq(row(columns).into()).into());
    let [a, b, c] = ["a", "b", "c"].map(|name| (name, layout::<Option<i64>>()));
    let old = sorted(&[a.clone(), b.clone()]);
    let migrate = |columns: &[(&str, Layout)], rows| Migration::new(&old, &sorted(columns), rows);
    for (columns, is_in_order) in [
        (vec![c.clone(), a.clone(), c.clone(), b.clone()], true),
        (vec![a.clone()], true),
        (vec![b.clone(), a.clone()], false),
        (vec![b.clone(), c], false),
    ] {
        let migrated = migrate(&columns, KeptRows::Ordered);
        assert_eq!(migrated.is_ok(), is_in_order, "{migrated:?}");
        assert!(migrated.is_ok() || migrated.is_err_and(|error| error.contains("in another order from `a` on")));
        assert!(matches!(migrate(&columns, KeptRows::Unordered), Ok(Some(_))));
    }
    let variants = |names: [&str; 2]| Layout::Sorted(Layout::Enum(names.map(str::to_owned).to_vec()).into());
    assert!(Migration::new(&variants(["a", "b"]), &variants(["b", "a"]), KeptRows::Ordered).is_err());
}

#[test]
fn hashes_say_of_what_they_are() {
    fn hashes<A: Datum>() -> Layout {
        layout_of("hashes", |reader| <(u64, HashesOf<A>)>::deserialize(reader))
    }
    let whole = postcard::to_stdvec(&(300_u64, HashesOf::<String>::default())).expect("bytes");
    assert_eq!(whole, postcard::to_stdvec(&300_u64).expect("bytes"));
    assert_eq!(Migration::new(&hashes::<String>(), &hashes::<String>(), KeptRows::Unordered), Ok(None));
    let error = Migration::new(&hashes::<String>(), &hashes::<(i64, i64)>(), KeptRows::Unordered).expect_err("others");
    assert_eq!(error, "its state has hashes of values that are `(i64, i64)`, and were `String`");
    // What is behind them is found.
    let old = Layout::Tuple(vec![hashes::<String>(), row(&[("a", layout::<i64>())])]);
    let new = Layout::Tuple(vec![hashes::<String>(), row(&[])]);
    assert_eq!(apply(&old, &new, &[whole.as_slice(), &bytes(5_i64)].concat()), whole);
}
