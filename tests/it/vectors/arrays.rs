//! Arrays of numbers: here a `Vec` with elements of one type. Pathway writes an array as an object with its shape and its elements.

use pathway::prelude::*;
use pathway::reducers::ReduceError;

use super::reducers::{Keyed, alive};
use super::replay::{Custom, Ends, vectors};

/// An array as Pathway writes it. The elements alone are the column.
#[derive(Schema)]
struct Input {
    g: String,
    #[schema(path = "/v/elements")]
    v: Vec<i64>,
}

/// Adds arrays element by element. All of a group must have one length; otherwise it has no row.
struct SumOfArrays;

/// How many arrays of each length there are, and the sums of the elements at each index.
#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Sums {
    lengths: std::collections::BTreeMap<usize, i64>,
    sums: Vec<i128>,
}

impl Reducer<Vec<i64>> for SumOfArrays {
    type State = Sums;
    type Output = Vec<i64>;

    fn update(&self, Sums { lengths, sums }: &mut Sums, array: Vec<i64>, diff: i64) {
        let arrays = lengths.entry(array.len()).or_default();
        *arrays += diff;
        if *arrays == 0 {
            lengths.remove(&array.len());
        }
        sums.resize(sums.len().max(array.len()), 0);
        for (sum, element) in sums.iter_mut().zip(array) {
            *sum += i128::from(element) * i128::from(diff);
        }
    }

    fn output(&self, Sums { lengths, sums }: &Sums) -> Result<Vec<i64>, ReduceError> {
        let mut lengths = lengths.keys();
        let (Some(length), None) = (lengths.next(), lengths.next()) else {
            return Err(ReduceError::new("arrays of several lengths"));
        };
        let sums = sums.iter().take(*length).map(|sum| i64::try_from(*sum));
        sums.collect::<Result<_, _>>().map_err(|_| ReduceError::new("the sum does not fit an i64"))
    }
}

/// Pathway's format for an array with one dimension.
pub(super) fn array(elements: &[i64]) -> Json {
    Json::from(serde_json::json!({ "shape": [elements.len()], "elements": elements }))
}

vectors! {
    red_sum_array: Custom(|ends: &Ends<'_>| {
        let t = ends.input().json::<Input>();
        ends.output(&reduce!(r in t by r.g => { g: r.g, s: array(&SumOfArrays(r.v)) }), "out").json();
    });
    red_ndarray: |t: Table<Keyed<i64>>| reduce!(u in alive(t) by u.g => {
        g: u.g,
        l: array(&sorted_tuple((u.k, u.v)).into_iter().map(|(_, v)| v).collect::<Vec<i64>>()),
    });
    red_null_ndarray: |t: Table<Keyed<Option<i64>>>| reduce!(u in alive(t) by u.g => {
        g: u.g,
        x: array(&tuple(u.v).into_iter().flatten().collect::<Vec<i64>>()),
    });
}

#[derive(Schema)]
struct Vector {
    v: Vec<i64>,
}

/// Rows are taken back, too, and one array of another length makes the sum an error until it is removed.
#[test]
fn a_reducer_of_arrays_follows_removals() {
    let change = |v: &[i64], diff| Change { row: Vector { v: v.to_vec() }, diff };
    let pipeline = Pipeline::new();
    let vectors = pipeline.commits([
        vec![change(&[1, 2], 1), change(&[10, 20], 1)],
        vec![change(&[5], 1)],
        vec![change(&[5], -1), change(&[1, 2], -1)],
    ]);
    let sums = reduce!(r in vectors => { s: SumOfArrays(r.v) }).collect();
    pipeline.run().unwrap();
    let seen: Vec<_> = sums.changes().iter().map(|(commit, row, diff)| (*commit, row.s.clone(), *diff)).collect();
    assert_eq!(seen, [(0, vec![11, 22], 1), (1, vec![11, 22], -1), (2, vec![10, 20], 1)]);
}
