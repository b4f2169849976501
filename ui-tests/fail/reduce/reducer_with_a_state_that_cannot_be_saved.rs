use pathway::prelude::*;

#[derive(Default)]
struct Range {
    least: f64,
    greatest: f64,
}

struct Widest;

impl Reducer<f64> for Widest {
    type State = Range;
    type Output = f64;

    fn update(&self, range: &mut Range, price: f64, _diff: i64) {
        range.least = range.least.min(price);
        range.greatest = range.greatest.max(price);
    }

    fn output(&self, range: &Range) -> Result<f64, pathway::reducers::ReduceError> {
        Ok(range.greatest - range.least)
    }
}

fn main() {}
