//! Primary keys: the newest message of each key is the key's row, also for operators on the table.

use pathway::prelude::*;
use pathway::testing::Broker;

use super::check::{Commits, Setting, assert_agrees, collect, label, same_by_commit, with_all_workers};
use super::differential::{self, Rows, Value, reduce};
use super::history::seeds;
use super::orders::{bits, price};
use crate::support::random::Random;

#[derive(Schema)]
struct Stock {
    #[schema(primary_key)]
    city: String,
    #[schema(primary_key)]
    shop: i64,
    quantity: i64,
    price: f64,
    note: Option<String>,
}

/// A row in differential: city and shop; quantity, price in sixteenths, and note.
type Line = ((String, i64), (i64, i64, Option<String>));

/// A message in differential: the key, the number of the message, and the other columns.
type Message = ((String, i64), (u64, (i64, i64, Option<String>)));

#[test]
fn the_newest_row_of_each_key_is_kept() {
    check(
        "upsert",
        Table::clone,
        |row| ((row.city.clone(), row.shop), (row.quantity, (row.price * 16.0) as i64, row.note.clone())),
        |rows| rows,
    );
}

#[test]
fn reduced() {
    check(
        "upsert, reduce",
        |stock| {
            reduce!(s in stock by s.city => {
                s.city,
                shops: count(),
                value: sum(s.price * s.quantity as f64),
                least: min(s.quantity),
                note: max(s.note),
            })
        },
        |row| (row.city.clone(), row.shops, bits(row.value), row.least, row.note.clone()),
        |rows| {
            reduce(rows.map(|((city, _), value)| (city, value)), |city, group| {
                let value = bits(price(group.sum(|(quantity, sixteenths, _)| quantity * sixteenths)));
                let note = group.max(|value| value.2.clone());
                (city.clone(), group.count(), value, group.min(|value| value.0), note)
            })
        },
    );
}

#[test]
fn filtered_selected_and_reduced_by_another_column() {
    check(
        "upsert, filter, select, reduce",
        |stock| {
            let noted = filter!(s in stock => s.note.is_some());
            let lean = select!(n in noted => { n.quantity, n.note });
            reduce!(l in lean by l.quantity => { l.quantity, n: count(), first: min(l.note) })
        },
        |row| (row.quantity, row.n, row.first.clone()),
        |rows| {
            let noted = rows.filter(|(_, (_, _, note))| note.is_some());
            reduce(noted.map(|(_, (quantity, _, note))| (quantity, note)), |quantity, group| {
                (*quantity, group.count(), group.min(Option::clone))
            })
        },
    );
}

/// Checks a shape over [`Stock`], which is read by its primary key. `oracle` gets the current rows.
fn check<R: Schema, O: Value>(
    case: &str,
    shape: impl Fn(&Table<Stock>) -> Table<R>,
    view: impl Fn(&R) -> O,
    oracle: impl for<'scope> Fn(Rows<'scope, Line>) -> Rows<'scope, O> + Send + Sync + Copy + 'static,
) {
    for seed in seeds() {
        let label = label(case, seed);
        let messages = messages(seed);
        let expected = differential::run(messages.clone(), move |rows| oracle(newest(rows)));
        let seen = with_all_workers(&label, |workers| play(&label, &messages, workers, &shape, &view));
        assert_agrees(&label, &seen, expected, &messages);
    }
}

/// Commits of messages, some empty. There are few keys, so that several messages of a commit have the same key.
fn messages(seed: u64) -> Commits<Message> {
    let random = &mut Random::new(seed);
    let mut number = 0;
    let mut message = |random: &mut Random| {
        number += 1;
        let key = (random.pick(&["Oslo", "Rome", ""]).to_owned(), random.pick(&[1, 2]));
        let note = random.pick(&[None, Some("late"), Some("new")]).map(str::to_owned);
        ((key, (number, (random.pick(&[0, 1, 2]), random.pick(&[-8, 1, 24]), note))), 1)
    };
    let mut commit = |_| {
        let messages = if random.below(6) == 0 { 0 } else { random.below(8) };
        (0..messages).map(|_| message(random)).collect()
    };
    (0..32).map(&mut commit).collect()
}

/// The current rows, computed by differential.
fn newest(messages: Rows<'_, Message>) -> Rows<'_, Line> {
    let newest =
        messages.reduce(|_, arrived, newest| newest.extend(arrived.last().map(|(row, _)| ((*row).clone(), 1))));
    newest.map(|(key, (_, row))| (key, row))
}

fn play<R: Schema, O: Value>(
    label: &str,
    messages: &Commits<Message>,
    workers: Setting,
    shape: impl Fn(&Table<Stock>) -> Table<R>,
    view: impl Fn(&R) -> O,
) -> Commits<O> {
    let broker = Broker::new();
    let pipeline = Pipeline::new();
    let stock = nats::read(&pipeline, &broker, "stock").json::<Stock>();
    let seen = collect(&stock, shape);
    let running = pipeline.start_with(workers).unwrap();
    for commit in messages {
        commit.iter().for_each(|(message, _)| broker.publish("stock", json(message)));
        broker.commit();
    }
    broker.close();
    running.join().unwrap_or_else(|error| panic!("{label}: {error}"));
    same_by_commit(label, &seen, messages.len(), view)
}

fn json(((city, shop), (_, (quantity, sixteenths, note))): &Message) -> String {
    let (price, note) = (price(*sixteenths), note.as_ref().map_or("null".to_owned(), |note| format!("{note:?}")));
    format!(r#"{{"city":{city:?},"shop":{shop},"quantity":{quantity},"price":{price:?},"note":{note}}}"#)
}
