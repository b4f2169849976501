#![deny(unused_must_use)]

use pathway::prelude::*;

fn serve(pipeline: Pipeline) -> pathway::Result<()> {
    pipeline.start()?;
    Ok(())
}

fn main() {}
