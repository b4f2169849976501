//! Tests of the contract of [`Datum`]: a total order, and hashes that agree with it.

use std::cmp::Ordering;
use std::hash::{BuildHasher, RandomState};

use pathway_core::data::{Datum, DatumKey, DatumRef, Json};

/// Checks the contract for all triples. `sorted` is in order; the values of an inner list are equal.
fn check<T: Datum>(sorted: Vec<Vec<T>>) {
    let hasher = RandomState::new();
    for (this_rank, these) in sorted.iter().enumerate() {
        for (other_rank, others) in sorted.iter().enumerate() {
            for (index, this) in these.iter().enumerate() {
                for (other_index, other) in others.iter().enumerate() {
                    let place = format!("{this_rank}.{index} against {other_rank}.{other_index}");
                    assert_eq!(this.compare(other), this_rank.cmp(&other_rank), "{place}");
                    if this.compare(other) == Ordering::Equal {
                        assert_eq!(hasher.hash_one(DatumRef(this)), hasher.hash_one(DatumRef(other)), "{place}");
                    }
                }
            }
        }
    }
}

#[test]
fn floats() {
    let other_nan = f64::from_bits(f64::NAN.to_bits() | 1);
    check(vec![
        vec![f64::NEG_INFINITY],
        vec![-1.0],
        vec![0.0, -0.0],
        vec![5e-324],
        vec![1.0],
        vec![f64::INFINITY],
        vec![f64::NAN, -f64::NAN, other_nan],
    ]);
    check(vec![vec![-1.0f32], vec![0.0, -0.0], vec![f32::INFINITY], vec![f32::NAN, -f32::NAN]]);
}

#[test]
fn containers() {
    check(vec![vec![None], vec![Some(-1)], vec![Some(0)]]);
    check(vec![vec![vec![]], vec![vec![0.0], vec![-0.0]], vec![vec![0.0, 1.0]], vec![vec![1.0]]]);
    check(vec![vec![(1, "b".to_owned())], vec![(2, "a".to_owned())], vec![(2, "b".to_owned())]]);
    check(vec![vec![(), ()]]);
}

#[test]
fn json() {
    let parse = |text: &str| Json::parse(text).expect("the examples are JSON");
    let sorted: &[&[&str]] = &[
        &["null"],
        &["false"],
        &["true"],
        &["-1e300"],
        &["-9223372036854775808"],
        &["-9223372036854775808.0"],
        &["-1.5"],
        &["-1"],
        &["-1.0"],
        &["0"],
        &["0.0", "-0.0"],
        &["0.5"],
        &["9007199254740992"],
        &["9007199254740992.0"],
        &["9007199254740993"],
        &["9007199254740994.0"],
        &["18446744073709551615"],
        &["18446744073709551616"],
        &["1e300"],
        &["\"\""],
        &["\"a\"", "\"\\u0061\""],
        &["[]"],
        &["[1]"],
        &["[1,2]"],
        &["[2]"],
        &["{}"],
        &["{\"a\":1}"],
        &["{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}"],
        &["{\"a\":2}"],
        &["{\"b\":0}"],
    ];
    check(sorted.iter().map(|equal| equal.iter().map(|text| parse(text)).collect()).collect());
}

/// These differ only in where a list ends, so the hash must include the lengths.
#[test]
fn lists_are_hashed_with_their_length() {
    let hasher = RandomState::new();
    let (this, other) = ((vec![1u8], vec![2u8, 3]), (vec![1u8, 2], vec![3u8]));
    assert_ne!(hasher.hash_one(DatumKey(this)), hasher.hash_one(DatumKey(other)));
}
