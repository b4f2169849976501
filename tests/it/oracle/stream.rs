//! [`Table::to_stream`](pathway::Table::to_stream) and `to_table`: a table's changes as rows, and the reverse.

use std::collections::{BTreeMap, BTreeSet};

use pathway::Running;
use pathway::prelude::*;

use super::check::{check, collect, label, play, same_by_commit, to_changes, with_all_workers};
use super::history::{Removals, seeds};
use super::orders::{Order, history, line, order};

#[derive(Clone, Debug, Schema)]
struct Event {
    order: i64,
    city: String,
    day: i64,
    shop: Option<i64>,
    quantity: i64,
    price: f64,
    diff_of: i64,
}

fn event(change: &Change<Order>) -> Event {
    let Order { city, day, shop, quantity, price } = change.row.clone();
    // Sorting by the first column must not give the right order by chance.
    Event { order: -quantity, city, day, shop, quantity, price, diff_of: change.diff }
}

fn change(event: &Event) -> Change<Order> {
    let Event { city, day, shop, quantity, price, diff_of, .. } = event.clone();
    Change { row: Order { city, day, shop, quantity, price }, diff: diff_of }
}

#[test]
fn to_stream_and_to_table_are_inverse() {
    check("to_stream, to_table", |orders| orders.to_stream(event).to_table(change), line, |rows| rows);
    check(
        "distinct, to_stream, to_table",
        |orders| orders.distinct().to_stream(event).to_table(change),
        line,
        |rows| rows.distinct(),
    );
}

/// The stream has the changes that a sink of the table receives, in the same order, and is append-only.
#[test]
fn the_stream_is_what_a_sink_sees() {
    for seed in seeds() {
        for gathered in [false, true] {
            let label = label("to_stream", seed);
            let history = history(seed, Removals::OfWhatIsThere);
            let table = |orders: &Table<Order>| if gathered { orders.concat(orders) } else { orders.clone() };
            let of_table = play(&label, to_changes(&history, order), 1.into(), table, line);
            let of_stream = with_all_workers(&label, |workers| {
                let pipeline = Pipeline::new();
                let orders = pipeline.commits(to_changes(&history, order));
                let seen = collect(&orders, |orders| table(orders).to_stream(event));
                pipeline.start_with(workers).and_then(Running::join).unwrap_or_else(|error| panic!("{label}: {error}"));
                same_by_commit(&label, &seen, history.len(), |event| (line(&change(event).row), event.diff_of))
            });
            for (commit, (stream, table)) in of_stream.iter().zip(&of_table).enumerate() {
                let stream: Vec<_> = stream.iter().map(|(change, copies)| (change.clone(), *copies)).collect();
                assert!(stream.iter().all(|(_, copies)| *copies == 1), "{label}: commit {commit}: {stream:?}");
                let changes: Vec<_> = stream.into_iter().map(|(change, _)| change).collect();
                assert_eq!(&changes, table, "{label}: commit {commit}");
            }
        }
    }
}

/// Replaying the upserts by key gives the table of each commit, with one row for each key that a commit changes.
#[test]
fn upserts_replay_to_the_table() {
    for seed in seeds() {
        let label = label("to_upserts", seed);
        let history = history(seed, Removals::OfWhatIsThere);
        // One row for each city.
        let totals = |orders: &Table<Order>| reduce!(o in orders by o.city => Total { o.city, n: count(), quantity: sum(o.quantity) });
        let upsert = |change: &Change<Total>| {
            let Total { city, n, quantity } = change.row.clone();
            Upsert { city, n, quantity, is_there: change.diff > 0 }
        };
        let as_line = |total: &Total| (total.city.clone(), total.n, total.quantity);
        let of_table = play(&label, to_changes(&history, order), 1.into(), totals, as_line);
        let of_stream = with_all_workers(&label, |workers| {
            let pipeline = Pipeline::new();
            let orders = pipeline.commits(to_changes(&history, order));
            let seen = collect(&orders, |orders| totals(orders).to_upserts(|total| total.city.clone(), upsert));
            pipeline.start_with(workers).and_then(Running::join).unwrap_or_else(|error| panic!("{label}: {error}"));
            same_by_commit(&label, &seen, history.len(), |upsert| {
                (upsert.city.clone(), upsert.n, upsert.quantity, upsert.is_there)
            })
        });
        let (mut replayed, mut table) = (BTreeMap::new(), BTreeMap::new());
        for (commit, (upserts, changes)) in of_stream.iter().zip(&of_table).enumerate() {
            let mut changed = BTreeSet::new();
            for ((city, n, quantity, is_there), copies) in upserts {
                assert_eq!(*copies, 1, "{label}: commit {commit}");
                assert!(changed.insert(city.clone()), "{label}: commit {commit}: two upserts of {city}");
                let row = is_there.then_some((*n, *quantity));
                let before = replayed.get(city).copied();
                assert_ne!(row, before, "{label}: commit {commit}: {city} has not changed");
                match row {
                    Some(row) => drop(replayed.insert(city.clone(), row)),
                    None => drop(replayed.remove(city)),
                }
            }
            for ((city, n, quantity), diff) in changes {
                match diff {
                    1 => drop(table.insert(city.clone(), (*n, *quantity))),
                    _ => drop(table.remove(city)),
                }
            }
            assert_eq!(replayed, table, "{label}: commit {commit}");
        }
    }
}

#[derive(Clone, Schema)]
struct Total {
    city: String,
    n: i64,
    quantity: i64,
}

#[derive(Schema)]
struct Upsert {
    city: String,
    n: i64,
    quantity: i64,
    is_there: bool,
}

/// Found by the test above: a commit with insertions only was emitted copy by copy.
#[test]
fn copies_that_arrive_apart_are_one_event() {
    let order = |quantity| order(("Rome".to_owned(), 2, None, quantity, 16));
    let pipeline = Pipeline::new();
    let arrivals = [1, 2, 1, 1].map(|quantity| Change::insert(order(quantity)));
    let events = pipeline.commits([arrivals.to_vec()]).to_stream(event).collect();
    pipeline.run().unwrap();
    let told: Vec<_> = events.changes().iter().map(|(_, event, diff)| (event.quantity, event.diff_of, *diff)).collect();
    assert_eq!(told, [(1, 3, 1), (2, 1, 1)]);
}
