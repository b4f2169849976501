//! The 23 queries of Nexmark, as a user would write them.
//!
//! They are those of <https://github.com/nexmark/nexmark>, except that q12 groups by event time in place of the time of processing,
//! and that rows that SQL leaves undefined are determined by further columns; `digests.py` has the SQL of each.

mod groups;
mod joins;
mod rows_to_rows;
mod windows;
mod winners;

use pathway::prelude::*;

use super::rows::Inputs;

/// The names of all queries.
pub(crate) const NAMES: [&str; 23] = [
    "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "q8", "q9", "q10", "q11", "q12", "q13", "q14", "q15", "q16", "q17",
    "q18", "q19", "q20", "q21", "q22",
];

/// What becomes of the rows of a query.
pub(crate) trait Output {
    fn take<R: Schema>(self, rows: &Table<R>);
}

/// Declares a query.
pub(crate) fn declare(name: &str, pipeline: &Pipeline, inputs: &Inputs, output: impl Output) {
    let persons = || inputs.persons();
    let auctions = || inputs.auctions();
    let bids = || inputs.bids();
    match name {
        "q0" => output.take(&rows_to_rows::q0(&bids())),
        "q1" => output.take(&rows_to_rows::q1(&bids())),
        "q2" => output.take(&rows_to_rows::q2(&bids())),
        "q3" => output.take(&joins::q3(&persons(), &auctions())),
        "q4" => output.take(&winners::q4(&auctions(), &bids())),
        "q5" => output.take(&windows::q5(&bids())),
        "q6" => output.take(&winners::q6(&auctions(), &bids())),
        "q7" => output.take(&windows::q7(&bids())),
        "q8" => output.take(&windows::q8(&persons(), &auctions())),
        "q9" => output.take(&winners::q9(&auctions(), &bids())),
        "q10" => output.take(&rows_to_rows::q10(&bids())),
        "q11" => output.take(&windows::q11(&bids())),
        "q12" => output.take(&windows::q12(&bids())),
        "q13" => output.take(&joins::q13(pipeline, &bids())),
        "q14" => output.take(&rows_to_rows::q14(&bids())),
        "q15" => output.take(&groups::q15(&bids())),
        "q16" => output.take(&groups::q16(&bids())),
        "q17" => output.take(&groups::q17(&bids())),
        "q18" => output.take(&groups::q18(&bids())),
        "q19" => output.take(&groups::q19(&bids())),
        "q20" => output.take(&joins::q20(&auctions(), &bids())),
        "q21" => output.take(&rows_to_rows::q21(&bids())),
        "q22" => output.take(&rows_to_rows::q22(&bids())),
        _ => panic!("there is no query {name}"),
    }
}
