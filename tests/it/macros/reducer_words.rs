//! Reducers with a word and parameters, and custom accumulators.

use pathway::prelude::*;
use pathway::reducers::{Fold, ReduceError};
use pathway::{Change, ErrorKind};

use super::{Order, column, orders, rows};

/// The longest text, or the first of several: an accumulator without parameters.
struct Longest;

impl Accumulator for Longest {
    type Argument = String;
    type State = String;
    type Output = String;

    fn add(&self, longest: &mut String, text: String) {
        if text.len() > longest.len() {
            *longest = text;
        }
    }

    fn output(&self, longest: &String) -> Result<String, ReduceError> {
        Ok(longest.clone())
    }
}

/// Smoothed prices: an accumulator with a parameter and two arguments.
struct Smoothed(f64);

impl Accumulator for Smoothed {
    type Argument = (f64, i64);
    type State = f64;
    type Output = f64;

    fn add(&self, mean: &mut f64, (price, quantity): (f64, i64)) {
        *mean += self.0 * (price * quantity as f64 - *mean);
    }

    fn output(&self, mean: &f64) -> Result<f64, ReduceError> {
        Ok(*mean)
    }
}

#[test]
fn each_word_computes_its_reducer() {
    let [row] = &*rows(|orders| {
        reduce!(o in orders => {
            prices: tuple(o.price),
            first: earliest(o.id),
            last: latest(o.id),
            cities: string_join(o.city, " → "),
            notes: string_join(o.note, ", "),
            high: quantile(o.price, 0.75),
            between: quantile_cont(o.quantity, 0.25),
            middle: median(o.price),
            variance: variance(o.quantity),
            all: variance_pop(o.quantity),
            deviation: stddev(o.price),
            deviation_of_all: stddev_pop(o.price),
            dearest: top_k(o.price, 2),
            beside: top_k((o.price, o.id), 1),
            about: count_distinct_approx(o.city),
            letters: sum(o.note.as_ref().map(|note| note.len() as i64)),
        })
    }) else {
        panic!("one row")
    };
    assert_eq!(row.prices, [10.0, 20.0, 30.0, 40.0]);
    assert_eq!((row.first, row.last, &*row.cities), (1, 4, "Oslo → Oslo → Oslo → Rome"));
    assert_eq!((row.notes.as_deref(), row.letters), (Some("fragile, gift"), Some(11)));
    assert_eq!((row.high, row.between, row.middle), (30.0, 1.75, 25.0));
    assert_eq!((row.variance, row.all), (Some(5.0 / 3.0), 1.25));
    assert_eq!((row.deviation, row.deviation_of_all), (Some((500.0_f64 / 3.0).sqrt()), 125_f64.sqrt()));
    assert_eq!((&*row.dearest, &*row.beside, row.about), (&[40.0, 30.0][..], &[(40.0, 4)][..], 2));
}

#[test]
fn parameters_are_expressions_without_the_row() {
    const SEPARATOR: &str = "/";
    let (share, most) = (0.5, 1);
    let rows = column(
        |orders| {
            reduce!(o in orders by o.city => {
                half: quantile(o.quantity, share),
                quarter: quantile(o.quantity, share / 2.0),
                dearest: top_k(o.price, most + 1).len() as i64,
                ids: string_join(o.id.to_string(), SEPARATOR),
                spread: quantile(o.price, 0.9) - quantile(o.price, 0.1),
            })
        },
        |row| (row.half, row.quarter, row.dearest, row.ids, row.spread),
    );
    assert_eq!(rows, [(2, 1, 2, "1/2/3".to_owned(), 20.0), (4, 4, 1, "4".to_owned(), 0.0)]);
}

#[test]
fn an_invalid_parameter_is_an_error_at_start() {
    for (share, values, message) in [
        (1.5, 3, "`quantile` of 1.5: the fraction must be between 0 and 1"),
        (f64::NAN, 3, "`quantile` of NaN: the fraction must be between 0 and 1"),
        (0.5, 0, "`top_k` of 0 values: it must be at least one"),
    ] {
        let pipeline = Pipeline::new();
        let orders = orders(&pipeline);
        let seen = reduce!(o in orders => { high: quantile(o.price, share), dearest: top_k(o.id, values) }).collect();
        let error = pipeline.run().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(message), "{error}");
        assert!(seen.rows().is_empty());
    }
}

#[test]
fn parameters_can_be_used_in_windows() {
    let share = 2.0;
    let pipeline = Pipeline::new();
    let orders = orders(&pipeline);
    let days = reduce!(o in orders window tumbling(o.day, 1) as w => { day: w.start, high: quantile(o.price, share) });
    let seen = days.collect();
    assert_eq!(pipeline.run().unwrap_err().kind(), ErrorKind::Config);
    assert!(seen.rows().is_empty());

    let days = |orders: Table<Order>| {
        reduce!(o in orders window tumbling(o.day, 1) as w => {
            day: w.start,
            high: quantile(o.price, 0.5),
            last: latest(o.city),
            longest: Longest(o.city),
        })
    };
    let days = column(days, |row| (row.day, row.high, row.last, row.longest));
    assert_eq!(days, [(1, 20.0, "Rome".into(), "Oslo".into()), (2, 30.0, "Oslo".into(), "Oslo".into())]);
}

#[test]
fn an_accumulator_is_called_like_a_reducer() {
    let share = 0.5;
    let cities = column(
        |orders| {
            reduce!(o in orders by o.city => {
                o.city,
                longest: Longest(o.note.clone().unwrap_or_default()).to_uppercase(),
                smooth: Smoothed(o.price, o.quantity, share),
                n: count(),
            })
        },
        |row| (row.city, row.longest, row.smooth, row.n),
    );
    assert_eq!(cities, [("Oslo".into(), "FRAGILE".into(), 56.25, 3), ("Rome".into(), "GIFT".into(), 80.0, 1)]);

    #[derive(Debug, PartialEq, Schema)]
    struct Longer {
        city: String,
    }
    let by_method = rows(|orders| orders.reduce(Fold::new(Longest), |o| o.city.clone(), |city| Longer { city }));
    assert_eq!(by_method, [Longer { city: "Oslo".into() }]);
}

#[test]
fn removed_rows_are_retracted() {
    #[derive(Clone, Schema)]
    struct Word {
        text: String,
    }
    let word = |text: &str| Word { text: text.to_owned() };
    let pipeline = Pipeline::new();
    let words = pipeline.commits(vec![
        vec![Change::insert(word("a")), Change::insert(word("bbb"))],
        vec![Change::insert(word("cc")), Change::remove(word("bbb"))],
        vec![Change::remove(word("cc"))],
    ]);
    let seen = reduce!(w in words => { longest: Longest(w.text), last: latest(w.text), all: tuple(w.text) }).collect();
    pipeline.run().unwrap();
    let came = seen.changes().into_iter().filter(|(_, _, diff)| *diff > 0);
    let came: Vec<_> = came.map(|(commit, row, _)| (commit, row.longest, row.last, row.all.join(" "))).collect();
    let row = |commit, longest: &str, last: &str, all: &str| (commit, longest.into(), last.into(), all.into());
    assert_eq!(came, [row(0, "bbb", "bbb", "a bbb"), row(1, "cc", "cc", "a cc"), row(2, "a", "a", "a")]);
}

/// A row that is replaced by its key arrives again, even with an equal value: the order of arrival does not depend on the
/// columns that a reducer uses.
#[test]
fn an_updated_row_is_the_latest_even_with_an_equal_value() {
    let row = |id, city: &str, day| Order {
        id,
        city: city.to_owned(),
        day,
        price: 1.0,
        quantity: 1,
        note: None,
        paid: false,
    };
    let pipeline = Pipeline::new();
    let orders = pipeline.commits(vec![
        vec![Change::insert(row(1, "open", 1))],
        vec![Change::insert(row(2, "shipped", 1)), Change::insert(row(3, "open", 1))],
        // The day differs, and the text is equal.
        vec![Change::remove(row(2, "shipped", 1)), Change::insert(row(2, "shipped", 2))],
        vec![Change::remove(row(2, "shipped", 2))],
    ]);
    let seen = reduce!(o in orders => { last: latest(o.city), all: tuple(o.id) }).collect();
    pipeline.run().unwrap();
    let came = seen.changes().into_iter().filter(|(_, _, diff)| *diff > 0);
    let came: Vec<_> = came.map(|(commit, row, _)| (commit, row.last, row.all)).collect();
    let row = |commit, last: &str, all: &[i64]| (commit, last.to_owned(), all.to_vec());
    let expected =
        [row(0, "open", &[1]), row(1, "open", &[1, 2, 3]), row(2, "shipped", &[1, 3, 2]), row(3, "open", &[1, 3])];
    assert_eq!(came, expected);
}
