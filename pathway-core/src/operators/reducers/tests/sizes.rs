//! The sizes of states: with a million groups, the memory of a group matters.

use std::mem::{align_of, size_of};

use crate::operators::reducers::exact::ExactSquares;
use crate::operators::reducers::{
    Avg, BoolAnd, Count, CountDistinct, CountDistinctApprox, ExactSum, Filtered, IntegerSum, Latest, Max, Min,
    Quantile, QuantileCont, Reducer, StringJoin, Sum, TopK, Tuple, Variance,
};

type State<R, A> = <R as Reducer<A>>::State;

#[test]
fn a_group_takes_few_bytes() {
    assert_eq!(size_of::<State<Count, ()>>(), 8);
    assert_eq!(size_of::<State<Sum, i64>>(), 16);
    assert_eq!(size_of::<State<Sum, jiff::SignedDuration>>(), 16);
    assert_eq!(size_of::<State<Sum, f64>>(), 24);
    assert_eq!(ExactSum::ON_THE_HEAP, 312);
    assert_eq!(size_of::<State<Avg, i64>>(), 24);
    assert_eq!(size_of::<State<Avg, f64>>(), 32);
    assert_eq!(size_of::<State<Min, i64>>(), 16);
    assert_eq!(size_of::<State<Max, f64>>(), 16);
    assert_eq!(size_of::<State<Min, String>>(), 32);
    assert_eq!(size_of::<State<BoolAnd, bool>>(), 8);
    assert_eq!(size_of::<State<CountDistinct, String>>(), 48);
    assert_eq!(size_of::<State<Sum, Option<i64>>>(), 24);
    assert_eq!(size_of::<State<Avg, Option<f64>>>(), 40);
    assert_eq!(size_of::<State<Tuple, i64>>(), 24);
    assert_eq!(size_of::<State<Latest, i64>>(), 24);
    assert_eq!(size_of::<State<StringJoin, String>>(), 40);
    assert_eq!(size_of::<State<Quantile, i64>>(), 48);
    assert_eq!(size_of::<State<QuantileCont, f64>>(), 48);
    assert_eq!(size_of::<State<TopK, i64>>(), 24);
    assert_eq!(size_of::<State<Variance, i64>>(), 48);
    assert_eq!(size_of::<State<Variance, f64>>(), 56);
    assert_eq!(ExactSquares::ON_THE_HEAP, 576);
    assert_eq!(size_of::<State<CountDistinctApprox, i64>>(), 8);
    assert_eq!(size_of::<State<(Sum, Count), (i64, ())>>(), 24);
    assert_eq!(size_of::<State<Filtered<Count>, Option<()>>>(), 16);
    assert_eq!(size_of::<State<Filtered<Sum>, Option<f64>>>(), 32);
}

#[test]
fn no_state_has_a_wide_alignment() {
    assert_eq!(align_of::<IntegerSum>(), 8);
    assert_eq!(align_of::<ExactSum>(), 8);
}
