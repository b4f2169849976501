//! Joins whose condition is a range: auctions of one category with the bids that come while they are open.

use std::time::Instant;

use pathway::Running;
use pathway::prelude::*;

#[derive(Schema)]
struct Auction {
    category: i64,
    opens: i64,
    closes: i64,
}

#[derive(Schema)]
struct Bid {
    category: i64,
    at: i64,
}

#[derive(Schema)]
struct Offer {
    opens: i64,
    at: i64,
}

/// How the condition is written.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// In `join!`, which finds the range.
    Macro,
    /// As a closure, which each pair of a key is compared with.
    Closure,
}

/// Changes per second with ever more auctions and bids of one key, ten of which match each other.
pub(super) fn ranges() {
    println!("\n{:>16} {:>10} {:>14} {:>14} {:>7}", "ranges", "rows", "join!/s", "closure/s", "ratio");
    for rows in [100, 1_000, 10_000] {
        let [by_range, by_pair] = [Form::Macro, Form::Closure].map(|form| {
            let rounds = (0..3).map(|_| play(form, rows));
            rounds.fold(0.0, f64::max)
        });
        println!("{:>16} {:>10} {by_range:>14.0} {by_pair:>14.0} {:>7.1}", "", 2 * rows, by_range / by_pair);
    }
}

/// Returns the changes per second, in commits of 100 auctions and 100 bids.
fn play(form: Form, rows: i64) -> f64 {
    let auction = |opens| Change::insert(Auction { category: 1, opens, closes: opens + 10 });
    let commits = |first: i64| first..(first + 100).min(rows);
    let starts = || (0..rows).step_by(100);
    let pipeline = Pipeline::new();
    let auctions = pipeline.commits(starts().map(|first| commits(first).map(auction).collect::<Vec<_>>()));
    let bid = |at| Change::insert(Bid { category: 1, at });
    let bids = pipeline.commits(starts().map(|first| commits(first).map(bid).collect::<Vec<_>>()));
    let _offers = match form {
        Form::Macro => join!(
            a in auctions,
            b in bids on a.category == b.category && (a.opens..a.closes).contains(&b.at) => Offer { a.opens, b.at }
        ),
        Form::Closure => {
            let same_category = auctions.join(&bids).on(|a| a.category, |b| b.category);
            let open = same_category.and(|a, b| (a.opens..a.closes).contains(&b.at));
            open.inner(|a, b| Offer { opens: a.opens, at: b.at })
        }
    };
    let begin = Instant::now();
    pipeline.start_with(1).and_then(Running::join).unwrap_or_else(|error| panic!("{error}"));
    (2 * rows) as f64 / begin.elapsed().as_secs_f64()
}
