//! Reducers of the rows that meet a condition, against differential, and against a `filter!` whose groups are joined back.

use pathway::prelude::*;

use super::check::{Commits, assert_agrees, check, label, play, to_changes, with_all_workers};
use super::differential::{Group, reduce};
use super::history::{Removals, seeds};
use super::orders::{self, Line, Order, bits, price};
use crate::support::random::Random;

/// The rows of a group that meet a condition.
fn those<V: Clone + Ord>(group: Group<'_, V>, condition: impl Fn(&V) -> bool) -> Vec<V> {
    group.all(V::clone).into_iter().filter(condition).collect()
}

#[test]
fn of_groups() {
    check(
        "reduce with conditions",
        |orders| {
            reduce!(o in orders by o.city => {
                o.city,
                n: count(),
                cheap: count() where o.price < 1.0,
                days: count_distinct(o.day) where o.quantity > 0,
                total: sum(o.price) where o.price < 1.0,
                most: max(o.quantity) where o.shop.is_some() && o.day == 2,
                least: min(o.shop) where o.quantity != 0,
                all: sorted_tuple(o.quantity) where o.shop == Some(1),
                mean: sum(o.quantity) as f64 / count() as f64 where o.quantity > 0,
            })
        },
        |row| {
            let floats = [row.total.map(bits), row.mean.map(bits)];
            (row.city.clone(), row.n, row.cheap, row.days, row.most, row.least, row.all.clone(), floats)
        },
        |rows| {
            let rows = rows.map(|(city, day, shop, quantity, sixteenths)| (city, (day, shop, quantity, sixteenths)));
            reduce(rows, |city, group| {
                let cheap = those(group, |value| value.3 < 16);
                let positive = those(group, |value| value.2 > 0);
                let mut days: Vec<_> = positive.iter().map(|value| value.0).collect();
                days.dedup();
                let total: i64 = cheap.iter().map(|value| value.3).sum();
                let quantity: i64 = positive.iter().map(|value| value.2).sum();
                let mean = (!positive.is_empty()).then(|| bits(quantity as f64 / positive.len() as f64));
                let most = those(group, |value| value.1.is_some() && value.0 == 2).iter().map(|value| value.2).max();
                let least = those(group, |value| value.2 != 0).iter().filter_map(|value| value.1).min();
                let mut all: Vec<_> = those(group, |value| value.1 == Some(1)).iter().map(|value| value.2).collect();
                all.sort_unstable();
                let floats = [(!cheap.is_empty()).then(|| bits(price(total))), mean];
                (city.clone(), group.count(), cheap.len() as i64, days.len() as i64, most, least, all, floats)
            })
        },
    );
}

#[test]
fn of_the_whole_table() {
    check(
        "reduce the table with a condition",
        |orders| reduce!(o in orders => { n: count() where o.city == "Oslo", most: max(o.price) where o.city == "Oslo" }),
        |row| (row.n, row.most.map(bits)),
        |rows| {
            let rows = rows.map(|(city, _, _, _, sixteenths)| ((), (city, sixteenths)));
            reduce(rows, |(), group| {
                let oslo = those(group, |value| value.0 == "Oslo");
                (oslo.len() as i64, oslo.iter().map(|value| value.1).max().map(|most| bits(price(most))))
            })
        },
    );
}

#[derive(Schema)]
struct Counts {
    city: String,
    n: i64,
    cheap: i64,
    total: Option<i64>,
    latest: Option<i64>,
}

fn with_conditions(orders: &Table<Order>) -> Table<Counts> {
    reduce!(o in orders by o.city => Counts {
        city: o.city,
        n: count(),
        cheap: count() where o.price < 1.0,
        total: sum(o.quantity) where o.price < 1.0,
        latest: latest(o.quantity) where o.price < 1.0,
    })
}

/// The same with what there was before `where`: zero, or nothing, for groups that the filter leaves out.
fn with_a_filter(orders: &Table<Order>) -> Table<Counts> {
    let all = reduce!(o in orders by o.city => { o.city, n: count() });
    let cheap = filter!(o in orders => o.price < 1.0);
    let cheap = reduce!(o in cheap by o.city => {
        o.city,
        n: count(),
        total: sum(o.quantity),
        latest: latest(o.quantity),
    });
    join!(a in all, c? in cheap on a.city == c.city => Counts {
        city: a.city,
        n: a.n,
        cheap: c.map_or(0, |c| c.n),
        total: c.map(|c| c.total),
        latest: c.map(|c| c.latest),
    })
}

type View = (String, i64, i64, Option<i64>, Option<i64>);

fn view(row: &Counts) -> View {
    (row.city.clone(), row.n, row.cheap, row.total, row.latest)
}

/// The same changes in other commits. Of a commit that is cut, the insertions come first: a row is there when it is removed.
fn cut_anew(history: &Commits<Line>, random: &mut Random) -> Commits<Line> {
    let mut commits = vec![Vec::new()];
    for commit in history {
        let (insertions, removals): (Vec<_>, Vec<_>) = commit.iter().cloned().partition(|(_, diff)| *diff > 0);
        for change in insertions.into_iter().chain(removals) {
            if random.below(4) == 0 {
                commits.push(Vec::new());
            }
            commits.last_mut().unwrap().push(change);
        }
    }
    commits
}

/// With random commits, at every one of them, and with all workers.
#[test]
fn a_condition_is_a_filter_that_keeps_the_groups() {
    for seed in seeds() {
        let label = label("conditions and filters", seed);
        let history = orders::history(seed, Removals::OfWhatIsThere);
        let mut random = Random::new(seed);
        for history in [cut_anew(&history, &mut random), cut_anew(&history, &mut random), history] {
            let changes = || to_changes(&history, orders::order);
            let seen = with_all_workers(&label, |workers| play(&label, changes(), workers, with_conditions, view));
            let expected = play(&label, changes(), 1.into(), with_a_filter, view);
            assert!(seen.iter().flatten().any(|(row, _)| row.2 == 0 && row.3.is_none() && row.4.is_none()), "{label}");
            assert!(seen.iter().flatten().any(|(row, _)| row.2 > 0), "{label}");
            assert_agrees(&label, &seen, expected, &history);
        }
    }
}
