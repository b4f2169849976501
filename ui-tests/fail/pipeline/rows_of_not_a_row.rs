use pathway::prelude::*;

fn declare(pipeline: &Pipeline) {
    let numbers = pipeline.rows([1, 2, 3]);
}

fn main() {}
