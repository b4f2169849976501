use pathway::prelude::*;

#[derive(Default)]
struct Mean(Option<f64>);

struct Smoothed;

impl Accumulator for Smoothed {
    type Argument = f64;
    type State = Vec<Mean>;
    type Output = f64;

    fn add(&self, means: &mut Vec<Mean>, price: f64) {
        means.push(Mean(Some(price)));
    }

    fn output(&self, means: &Vec<Mean>) -> Result<f64, pathway::reducers::ReduceError> {
        Ok(means.iter().filter_map(|mean| mean.0).sum())
    }
}

fn main() {}
