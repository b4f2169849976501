//! The user's own code in a pipeline: subscribers, sources, sinks, asynchronous calls.

mod calls;
mod contract;
mod sinks;
mod sources;
mod subscribe;

use pathway::prelude::*;

#[derive(Clone, Debug, PartialEq, Schema)]
struct Number {
    value: i64,
}

fn number(value: i64) -> Number {
    Number { value }
}
