#![deny(unused_must_use)]

use pathway::prelude::*;

fn run(pipeline: Pipeline) {
    pipeline.run();
}

fn main() {}
